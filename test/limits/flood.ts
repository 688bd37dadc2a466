/** Requests of one client to several gateways at once, each over a few connections that are kept. */
import { Agent, request } from 'node:http';

export interface Flooded {
  /** Which of the gateways. */
  readonly at: number;
  readonly status: number;
  /** When the answer was there. */
  readonly at_ms: number;
  readonly ms: number;
}

const CONNECTIONS = 4;
/** A gateway behind nothing believes the one, a gateway behind proxies the other. */
const headersOf = (client: string) => ({
  'user-agent': 'curl/8.5.0',
  'x-real-ip': client,
  'x-forwarded-for': client,
});

const ask = (url: string, client: string, agent: Agent): Promise<{ status: number; ms: number }> =>
  new Promise((resolve, reject) => {
    const started = performance.now();
    const sent = request(`${url}/x`, { agent, headers: headersOf(client) });
    sent.once('error', reject);
    sent.once('response', (response) => {
      response.resume();
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, ms: performance.now() - started }),
      );
    });
    sent.end();
  });

/** One request on a connection of its own. @returns its status */
export const askOnce = async (url: string, client: string): Promise<number> =>
  (await ask(url, client, new Agent({ keepAlive: false }))).status;

/** Floods until `enough` says so. @returns every answer in the order in which they came */
export const flood = async (
  urls: readonly string[],
  client: string,
  enough: (answers: readonly Flooded[]) => boolean,
): Promise<Flooded[]> => {
  const answers: Flooded[] = [];
  const connection = async (at: number, agent: Agent): Promise<void> => {
    while (!enough(answers)) {
      const { status, ms } = await ask(urls[at] ?? '', client, agent);
      answers.push({ at, status, at_ms: performance.now(), ms });
    }
  };
  const agents = urls.map(() => new Agent({ keepAlive: true, maxSockets: CONNECTIONS }));
  try {
    await Promise.all(
      agents.flatMap((agent, at) => Array.from({ length: CONNECTIONS }, () => connection(at, agent))),
    );
  } finally {
    for (const agent of agents) agent.destroy();
  }
  return answers;
};

/** The value that `share` of them do not exceed. */
export const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? 0;
