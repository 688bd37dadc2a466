/** Requests to one gateway process, and what they cost it. */
import { readFileSync } from 'node:fs';
import { Agent, type OutgoingHttpHeaders, request } from 'node:http';

/** A browser's page view of a site that it knows. */
export const BENIGN = {
  'user-agent':
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Safari/537.36',
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'accept-encoding': 'gzip, deflate, br',
  'accept-language': 'en-US,en;q=0.9',
  cookie: '_ga=GA1.2.1234567890.1700000000; theme=dark; session=8f14e45fceea167a5a36dedd4bea2543',
};

const CONNECTIONS = 4;

/** User and system time that a process has spent, in microseconds (a clock tick is 10 ms). */
export const spent_us = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
};

/** What the same requests cost with and without the defense, in microseconds of the process's CPU each. */
export interface Cost {
  readonly bare_us: number;
  readonly defended_us: number;
  readonly added_us: number;
}

export class Load {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  private readonly base: string;
  private readonly pid: number;
  private readonly headers: () => OutgoingHttpHeaders;

  constructor(base: string, pid: number, headers: () => OutgoingHttpHeaders = () => BENIGN) {
    this.base = base;
    this.pid = pid;
    this.headers = headers;
  }

  /** @returns microseconds of the process's CPU for each of `count` requests, on a few connections that stay open */
  async measure(path: string, count: number): Promise<number> {
    const from = spent_us(this.pid);
    let left = count;
    const client = async (): Promise<void> => {
      while (left-- > 0) await this.get(path);
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, client));
    return (spent_us(this.pid) - from) / count;
  }

  close(): void {
    this.agent.destroy();
  }

  private get(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const sent = request(
        `${this.base}${path}`,
        { agent: this.agent, headers: this.headers() },
        (incoming) => {
          incoming.resume();
          incoming.once('end', () => {
            if (incoming.statusCode === 200) resolve();
            else reject(new Error(`${path}: ${incoming.statusCode}`));
          });
        },
      );
      sent.once('error', reject);
      sent.end();
    });
  }
}

/**
 * Measures both in turns, so that what else the machine does meets both, and takes the cheapest turn of each.
 * @param bare measures the same requests without the defense
 */
export const compareCost = async (
  turns: number,
  bare: () => Promise<number>,
  defended: () => Promise<number>,
): Promise<Cost> => {
  let [bare_us, defended_us] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let turn = 0; turn < turns; turn++) {
    bare_us = Math.min(bare_us, await bare());
    defended_us = Math.min(defended_us, await defended());
  }
  return { bare_us, defended_us, added_us: defended_us - bare_us };
};

/** One line of a report. */
export const costLine = (name: string, { bare_us, defended_us, added_us }: Cost): string =>
  `${name}: without ${bare_us.toFixed(1)} us, with ${defended_us.toFixed(1)} us: ` +
  `+${added_us.toFixed(1)} us a request, ${(defended_us / bare_us).toFixed(2)} times`;
