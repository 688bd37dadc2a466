/** What the defense costs, in sizes that fit: `npm run bench:nginx`, `bench:gateway` and `bench:engine` measure more. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { gatewayCost } from '../../bench/engine/gateway.ts';
import { costLine } from '../../bench/engine/load.ts';
import { nginxCost } from '../../bench/engine/nginx.ts';
import { hasLuajit } from './differential.ts';
import { unpackedNginx } from './nginx.ts';

const nginx = unpackedNginx();
const REQUESTS = 4_000;

/** The target on the machine it was set on, and what a request without the plugin cost there. */
const TARGET = { added_us: 45, bare_us: 22 };

const shown = (line: string): void => {
  process.stdout.write(`  ${line}\n`);
};

describe('the defense costs', () => {
  it.skipIf(nginx === undefined)(
    'at most 45 us of CPU for a benign GET in nginx, more only where everything costs more',
    async () => {
      const cost = await nginxCost(nginx ?? '', REQUESTS);
      shown(costLine('nginx', cost));
      // On a slower machine as many times a bare request as 45 us are here.
      const slower = Math.max(1, cost.bare_us / TARGET.bare_us);
      expect(cost.added_us).toBeLessThan(TARGET.added_us * slower);
    },
  );

  it('less than the embedded gateway’s own work on the request', async () => {
    const cost = await gatewayCost('embedded', REQUESTS / 2);
    shown(costLine('embedded gateway', cost));
    expect(cost.defended_us).toBeLessThan(2 * cost.bare_us);
  });

  it.skipIf(!hasLuajit())('some 5 us in the engine for a benign GET, and never twice that', () => {
    const report = execFileSync('luajit', ['bench/engine/cost.lua', '5000']).toString();
    const [, each_us] = /^benign GET, cookie and query\s+([\d.]+) us/m.exec(report) ?? [];
    shown(`engine in LuaJIT, benign GET with cookie and query: ${each_us} us`);
    expect(Number(each_us)).toBeLessThan(10);
  });
});
