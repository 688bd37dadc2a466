import type { TokenSpec } from '../../src/contract/token.ts';
import type { Fleet } from './control-plane.ts';

export const ROOT_TOKEN = 'root-token-of-the-tests';

export const bearer = (token: string): { headers: { authorization: string } } => ({
  headers: { authorization: `Bearer ${token}` },
});

export interface Issued {
  readonly id: string;
  readonly token: string;
}

/** Makes a token on a fleet with `rootToken: ROOT_TOKEN`; every node knows it then. */
export const issueToken = async (
  fleet: Fleet,
  spec: Omit<TokenSpec, 'description'> & { readonly description?: string },
): Promise<Issued> => {
  const body = { description: 'for a test', ...spec };
  const reply = await fleet.call('POST', '/tokens', { ...bearer(ROOT_TOKEN), body });
  if (reply.status !== 201) throw new Error(`no token: ${reply.text}`);
  const { token, about } = reply.body as unknown as { token: string; about: { id: string } };
  return { id: about.id, token };
};
