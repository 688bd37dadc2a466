import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type {
  KeyDocument,
  RequestHead,
  RouteDocument,
  TenantDocument,
  Verdict,
} from '../../src/engine/engine.ts';
import {
  compileKeyring,
  compilePolicy,
  decideBody,
  decideHead,
  explain,
  parseCidr,
  rateHeaders,
  upstreamHeaders,
} from '../../src/engine/engine.ts';
import { TestHost } from './host.ts';

/** One request at one moment under one policy (an index from 0 into the setup). */
export interface Vector {
  readonly now_ms: number;
  readonly policy: number;
  readonly request: RequestHead;
  readonly body: string;
}

export interface Setup {
  readonly trusted_proxies: readonly string[];
  readonly keys: readonly KeyDocument[];
  readonly policies: readonly { readonly tenant: TenantDocument; readonly route: RouteDocument }[];
}

export interface Difference {
  readonly vector: Vector;
  readonly node: string;
  readonly lua: string;
}

const here = path.dirname(fileURLToPath(import.meta.url));
const engineDirectory = path.resolve(here, '../../apisix/plugins/cdn_defense');

export const hasLuajit = (): boolean => spawnSync('luajit', ['-v']).status === 0;

const describe = (verdict: Verdict): string => {
  const parts = [explain(verdict), `${verdict.status}`, verdict.set_cookie, verdict.body];
  if (verdict.challenge) parts.push(`${verdict.challenge.token} ${verdict.challenge.difficulty}`);
  if (verdict.rate) parts.push(...rateHeaders(verdict.rate).map(({ name, value }) => `${name}=${value}`));
  parts.push(...upstreamHeaders(verdict).map(({ name, value }) => `${name}=${value}`));
  // The same replacement as in replay.lua: a verdict is one line.
  return parts.join(' | ').replace(/[\x00-\x1f\x7f-\xff]/g, '?');
};

/** Judges in this process, in order: counters carry over from one vector to the next. */
export const judgeInNode = (setup: Setup, vectors: readonly Vector[]): string[] => {
  const host = new TestHost();
  const gateway = {
    trusted_proxies: setup.trusted_proxies.flatMap((text) => parseCidr(text) ?? []),
    keyring: compileKeyring(setup.keys),
  };
  const policies = setup.policies.map(({ tenant, route }) => compilePolicy(tenant, route));
  return vectors.map((vector) => {
    const policy = policies[vector.policy];
    if (!policy) throw new Error(`no policy ${vector.policy}`);
    host.time_ms = vector.now_ms;
    const decision = decideHead(host, gateway, policy, vector.request);
    return describe(
      decision.verdict ?? decideBody(host, gateway, policy, vector.request, decision, vector.body),
    );
  });
};

const hex = (text: string): string => Buffer.from(text, 'latin1').toString('hex');

const encode = ({ now_ms, policy, request, body }: Vector): string =>
  [
    now_ms,
    policy + 1,
    hex(request.method),
    hex(request.target),
    hex(request.host),
    request.scheme,
    hex(request.remote_ip),
    request.headers.map(({ name, value }) => `${hex(name)}:${hex(value)};`).join(''),
    hex(body),
  ].join('\t');

/** A JSON value as a Lua expression. */
const asLua = (value: unknown): string => {
  if (Array.isArray(value)) return `{${value.map(asLua).join(', ')}}`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, item]) => `[${JSON.stringify(key)}] = ${asLua(item)}`)
      .join(', ')}}`;
  }
  return JSON.stringify(value);
};

/** Writes setup and vectors for Lua into `directory`. */
export const writeReplay = (
  directory: string,
  setup: Setup,
  vectors: readonly Vector[],
): { policies: string; requests: string } => {
  const policies = path.join(directory, 'policies.lua');
  const requests = path.join(directory, 'vectors.tsv');
  writeFileSync(policies, `return ${asLua(setup)}\n`);
  writeFileSync(requests, `${vectors.map(encode).join('\n')}\n`);
  return { policies, requests };
};

/** Judges in LuaJIT with the committed engine. */
export const judgeInLua = (setup: Setup, vectors: readonly Vector[]): string[] => {
  const directory = mkdtempSync(path.join(tmpdir(), 'engine-replay-'));
  try {
    const { policies, requests } = writeReplay(directory, setup, vectors);
    const verdicts = path.join(directory, 'verdicts.txt');
    const script = `exec luajit "${here}/replay.lua" "${engineDirectory}" "${here}" "${policies}" "${requests}" > "${verdicts}"`;
    execFileSync('sh', ['-c', script], { stdio: ['ignore', 'ignore', 'inherit'] });
    return readFileSync(verdicts, 'utf8').trimEnd().split('\n');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

/** What another way of judging decides differently from this process. */
export const compare = (setup: Setup, vectors: readonly Vector[], lua: readonly string[]): Difference[] => {
  const node = judgeInNode(setup, vectors);
  if (lua.length !== vectors.length)
    throw new Error(`Lua judged ${lua.length} of ${vectors.length} requests`);
  return vectors.flatMap((vector, at) =>
    node[at] === lua[at] ? [] : [{ vector, node: node[at] ?? '', lua: lua[at] ?? '' }],
  );
};

/** What Node and LuaJIT decide differently. */
export const differences = (setup: Setup, vectors: readonly Vector[]): Difference[] =>
  compare(setup, vectors, judgeInLua(setup, vectors));
