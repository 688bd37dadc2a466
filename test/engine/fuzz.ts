/** Requests by the thousands, judged here and in nginx, for differences between the two. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type CorpusName, bodyOf, hasCorpus, headOf, readCorpus } from './corpus.ts';
import { type Difference, type Vector, compare, writeReplay } from './differential.ts';
import { SETUP, generate } from './generator.ts';

const CORPORA: readonly CorpusName[] = ['attacks', 'legit', 'legit_weak_crs_negative'];
const BATCH = 5_000;

/** Judges in nginx, with its own matcher and the plugin's host. @param url of the harness */
export const judgeInNginx = async (url: string, vectors: readonly Vector[]): Promise<string[]> => {
  const directory = mkdtempSync(path.join(tmpdir(), 'engine-replay-'));
  try {
    const { policies, requests } = writeReplay(directory, SETUP, vectors);
    const response = await fetch(`${url}/replay?policies=${policies}&vectors=${requests}`);
    return (await response.text()).trimEnd().split('\n');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

export interface Batch {
  readonly name: string;
  readonly vectors: readonly Vector[];
}

/** `count` generated requests; the same seed gives the same ones. */
export function* generated(count: number, seed: number): Generator<Batch> {
  for (let done = 0; done < count; done += BATCH) {
    yield { name: 'generated', vectors: generate(Math.min(BATCH, count - done), seed + done) };
  }
}

/** All of the request data, where it is at hand. */
export function* corpora(): Generator<Batch> {
  if (!hasCorpus()) return;
  for (const name of CORPORA) {
    const vectors = readCorpus(name).map((sample, at) => ({
      now_ms: 1_790_000_000_000 + at * 1000,
      policy: 0,
      request: headOf(sample),
      body: bodyOf(sample),
    }));
    yield { name, vectors };
  }
}

export interface Found {
  /** How many requests were judged, by where they come from. */
  readonly judged: ReadonlyMap<string, number>;
  readonly differences: readonly (Difference & { readonly name: string })[];
}

/** @param judge what is compared with the engine in this process */
export const fuzz = async (
  batches: Iterable<Batch>,
  judge: (vectors: readonly Vector[]) => Promise<readonly string[]> | readonly string[],
): Promise<Found> => {
  const judged = new Map<string, number>();
  const differences: (Difference & { readonly name: string })[] = [];
  for (const { name, vectors } of batches) {
    const found = compare(SETUP, vectors, await judge(vectors));
    judged.set(name, (judged.get(name) ?? 0) + vectors.length);
    differences.push(...found.map((difference) => ({ name, ...difference })));
  }
  return { judged, differences };
};

/** One line of a report. */
export const foundLine = ({ judged, differences }: Found): string => {
  const counts = [...judged].map(([name, count]) => `${count} ${name}`).join(' + ');
  return `${counts} requests, ${differences.length} differences`;
};
