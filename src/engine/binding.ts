import type { HeaderFacts, RequestHead } from './request.ts';

/** What challenges and clearances are bound to: one of them shown anywhere else is worth nothing. */
export interface Binding {
  readonly tenant: string;
  readonly host: string;
  readonly user_agent: string;
  /** What a browser repeats with every request, bound when `js_fingerprint` is on. */
  readonly language: string;
  readonly platform: string;
}

/** The host without its port: cookies do not know ports. */
export function hostName(host: string): string {
  if (host.charCodeAt(0) === 91) {
    const end = host.indexOf(']');
    return end < 0 ? host : host.slice(0, end + 1);
  }
  const colon = host.indexOf(':');
  return colon < 0 ? host : host.slice(0, colon);
}

export function bindingOf(
  tenant: string,
  request: RequestHead,
  facts: HeaderFacts,
  lower: (text: string) => string,
): Binding {
  return {
    tenant,
    host: lower(hostName(request.host)),
    user_agent: facts.user_agent,
    language: facts.accept_language,
    platform: facts.ua_platform,
  };
}

/** Length before each part, so that no two lists of parts give the same message. */
export function message(parts: readonly string[]): string {
  const out: string[] = [];
  for (const part of parts) {
    out.push(`${part.length}:`);
    out.push(part);
  }
  return out.join('');
}
