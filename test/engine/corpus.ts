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

const bitOf = (text: string): number => (createHash('sha256').update(text).digest()[0] ?? 0) & 1;

/**
 * Which part a sample belongs to. Rules were first written looking at part 0 only, with every CRS rule and every
 * payload (in all its encodings) wholly on one side; then part 1 was opened. Part 2 was never looked at: its
 * numbers are the ones to report.
 */
export const partOf = (sample: Sample): 0 | 1 | 2 => {
  const payload = `${sample.category}${payloadOf(sample)}`;
  const crs = sample.source.includes('coreruleset');
  if (bitOf(crs ? (sample.source.split('#')[0] ?? '') : payload) === 0) return 0;
  return bitOf(`part ${crs ? sample.source : payload}`) === 0 ? 1 : 2;
};
