/** The host a request is for, as nginx's `$host`, and the port the client named. */
export interface RequestHost {
  /** Lower case, no port, no trailing dot; an IPv6 address keeps its brackets. */
  readonly name: string;
  /** From the Host header; `undefined` when it names none. */
  readonly port: number | undefined;
}

/** Requests of HTTP/1.0 may come without Host; nginx then sees its server name, which APISIX sets to `_`. */
const NAMELESS: RequestHost = { name: '_', port: undefined };

const HOST = /^(\[[0-9a-fA-F:.]+\]|[^\s:/\\@?#[\]%\x00-\x20\x7f-\xff]+)(?::(\d{1,5}))?$/;

/**
 * Reads a Host header; stricter than nginx, which ignores garbage behind the port.
 * @returns `undefined` when it is to be answered with 400
 */
export const parseHost = (header: string | undefined): RequestHost | undefined => {
  if (header === undefined) return NAMELESS;
  const [, host, digits] = HOST.exec(header) ?? [];
  if (host === undefined || host.includes('..')) return undefined;
  const port = digits === undefined ? undefined : Number(digits);
  if (port !== undefined && port > 65_535) return undefined;
  const name = (host.endsWith('.') ? host.slice(0, -1) : host).toLowerCase();
  return name === '' ? undefined : { name, port };
};
