/** An identity provider: signs JWTs with keys of its own, and publishes them on a real socket. */
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type JWK, SignJWT, exportJWK, generateKeyPair } from 'jose';
import type { IssuerOptions } from '../../src/api/issuer.ts';
import type { Role } from '../../src/contract/principal.ts';

export const AUDIENCE = 'lockstep';
const ALG = 'ES256';

interface SigningKey {
  readonly kid: string;
  readonly privateKey: Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];
  readonly publicJwk: JWK;
}

const newKey = async (kid: string): Promise<SigningKey> => {
  const { privateKey, publicKey } = await generateKeyPair(ALG, { extractable: true });
  return { kid, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg: ALG, use: 'sig' } };
};

export class TestIssuer {
  /** How often the keys were fetched. */
  fetched = 0;
  /** What the keys' address answers instead, when set. */
  broken: { readonly status: number; readonly body: string } | undefined;
  private readonly server: Server;
  private keys: SigningKey[] = [];

  private constructor() {
    this.server = createServer((_request, response) => {
      this.fetched += 1;
      const keys = JSON.stringify({ keys: this.keys.map(({ publicJwk }) => publicJwk) });
      const { status, body } = this.broken ?? { status: 200, body: keys };
      response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(body);
    });
  }

  static async start(): Promise<TestIssuer> {
    const issuer = new TestIssuer();
    await issuer.rotate();
    await issuer.listen(0);
    return issuer;
  }

  get url(): string {
    const { port } = this.server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  /** How a node is told to believe it. */
  options(): IssuerOptions {
    return {
      issuer: 'https://id.example.com',
      audience: [AUDIENCE],
      jwksUrl: `${this.url}/keys`,
      algorithms: ['RS256', ALG, 'EdDSA'],
      clockTolerance_s: 5,
      claims: {
        role: 'lockstep_role',
        tenants: 'lockstep_tenants',
        actor: 'sub',
        roles: new Map<string, Role>([
          ['operator', 'operator'],
          ['editor', 'editor'],
          ['viewer', 'viewer'],
          ['gateway', 'gateway'],
        ]),
      },
    };
  }

  /** Signs with a new key from now on. The old ones stay published unless `only`. */
  async rotate(only = false): Promise<void> {
    const key = await newKey(`key-${this.keys.length + 1}`);
    this.keys = only ? [key] : [key, ...this.keys];
  }

  /** @param claims beside or instead of the usual ones; `undefined` leaves one out */
  async sign(
    claims: Readonly<Record<string, unknown>> = {},
    header: { alg?: string; kid?: string } = {},
  ): Promise<string> {
    const now_s = Math.floor(Date.now() / 1000);
    const [key] = this.keys;
    if (!key) throw new Error('no key to sign with');
    const usual = { iss: 'https://id.example.com', aud: AUDIENCE, sub: 'ada', iat: now_s, exp: now_s + 300 };
    return new SignJWT({ ...usual, ...claims })
      .setProtectedHeader({ alg: ALG, kid: key.kid, ...header })
      .sign(key.privateKey);
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
  }

  /** Nobody answers at its address any more; `listen` brings it back. */
  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
