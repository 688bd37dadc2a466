import { spellingsOf } from '../text/parameter.ts';
import { contains, split, startsWith, trim } from '../text/text.ts';

/** What a body may be by what its headers say of it. Two headers, or one of two types, may say several things. */
export interface BodyTypes {
  readonly multipart: boolean;
  readonly form: boolean;
  readonly json: boolean;
  readonly xml: boolean;
  /** Text, or nothing said at all. */
  readonly text: boolean;
  /** A picture, a font, sound, and nothing else. */
  readonly medium: boolean;
  /** What may separate the parts of a multipart body: servers read an odd header differently. */
  readonly boundaries: readonly string[];
}

/** What is said of a body of no known type. */
export const UNTYPED: BodyTypes = {
  multipart: false,
  form: false,
  json: false,
  xml: false,
  text: true,
  medium: false,
  boundaries: [],
};

const MAX_TYPES = 8;
const MAX_BOUNDARIES = 8;

function isMedium(type: string): boolean {
  return (
    startsWith(type, 'image/') ||
    startsWith(type, 'font/') ||
    startsWith(type, 'audio/') ||
    startsWith(type, 'video/')
  );
}

/** Reads the content types of a request or a part, one a line: the media type is what stands before the parameters. */
export function readTypes(contentTypes: string, lower: (text: string) => string): BodyTypes {
  const lowered = lower(contentTypes);
  const media: string[] = [];
  let text = false;
  let medium = true;
  for (const header of split(lowered, '\n', MAX_TYPES)) {
    // Proxies join repeated headers by commas.
    for (const one of split(header, ',', MAX_TYPES)) {
      const type = trim(split(one, ';', 2)[0] ?? '');
      media.push(type);
      text = text || contains(type, 'text/');
      medium = medium && isMedium(type);
    }
  }
  const all = media.join('\n');
  const multipart = contains(all, 'multipart/');
  return {
    multipart,
    form: contains(all, 'x-www-form-urlencoded'),
    json: contains(all, 'json'),
    xml: contains(all, 'xml'),
    text: text || all === '',
    medium,
    boundaries: multipart ? spellingsOf(contentTypes, lowered, 'boundary', MAX_BOUNDARIES) : [],
  };
}
