/**
 * Reads a URL; `undefined` for text that is none. Not `URL.canParse`: on Node 20 it begins to refuse host names
 * beyond ASCII once it has been called often enough to be optimised.
 */
export const parseUrl = (text: string): URL | undefined => {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
};
