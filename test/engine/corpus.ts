import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { RequestHead } from '../../src/engine/engine.ts';

/** One line of `shared/data/requests/*.jsonl.gz`. */
export interface Sample {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly category: string;
  readonly source: string;
  readonly encoder?: string;
  readonly client_ip?: string;
}

export type CorpusName = 'attacks' | 'legit' | 'legit_weak_crs_negative';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** Where the request data lies: never part of this repository. */
export const corpusDirectory = path.join(
  process.env['LOCKSTEP_SHARED'] ?? path.join(root, '../shared'),
  'data/requests',
);

export const hasCorpus = (): boolean => existsSync(corpusDirectory);

export const readCorpus = (name: CorpusName): Sample[] =>
  gunzipSync(readFileSync(path.join(corpusDirectory, `${name}.jsonl.gz`)))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Sample);

/** Text as the bytes that went over the wire, one character each. */
export const asBytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

export const bodyOf = (sample: Sample): string => asBytes(sample.body);

export const headOf = (sample: Sample): RequestHead => {
  const headers = sample.headers.map(([name, value]) => ({
    name: name.toLowerCase(),
    value: asBytes(value),
  }));
  const has = (name: string) => headers.some((header) => header.name === name);
  if (sample.body !== '' && !has('content-length') && !has('transfer-encoding')) {
    headers.push({ name: 'content-length', value: `${bodyOf(sample).length}` });
  }
  return {
    method: sample.method,
    target: asBytes(sample.path),
    host: headers.find((header) => header.name === 'host')?.value ?? '',
    scheme: 'http',
    remote_ip: sample.client_ip ?? '198.51.100.7',
    headers,
  };
};

const payloadOf = (sample: Sample): string => {
  let text = sample.body !== '' ? sample.body : sample.path.slice(sample.path.indexOf('?') + 1);
  text = text.replace(/^--bnd[^]*?\r\n\r\n|\r\n--bnd--\r\n$/g, '');
  text = text.slice(text.indexOf('=') + 1).replaceAll('+', ' ');
  try {
    text = decodeURIComponent(text);
  } catch {
    // Malformed escapes are part of some payloads.
  }
  if (sample.encoder === 'Base64Flat') text = Buffer.from(text, 'base64').toString('utf8');
  return text.replace(/\W+/g, '').toLowerCase().slice(0, 60);
};

/**
 * Which half a sample belongs to. Rules were written looking at half 0 only; half 1 was held out. Samples of
 * one payload in several encodings, and of one CRS rule, are never on both sides.
 */
export const halfOf = (sample: Sample): 0 | 1 => {
  const key = sample.source.includes('coreruleset')
    ? (sample.source.split('#')[0] ?? '')
    : `${sample.category}${payloadOf(sample)}`;
  return ((createHash('sha256').update(key).digest()[0] ?? 0) & 1) === 0 ? 0 : 1;
};
