import { describe, expect, it } from 'vitest';
import type { DefendedGateway } from '../gateway.ts';
import { OF_ROUTE, OF_TENANT, type Outcome, type Row, outcomeOf, stranger } from '../parameter-rows.ts';
import { clear } from './clear.ts';
import type { Cases } from './cases.ts';
import { roomInMinute } from './minute.ts';

/** Each parameter of a tenant and of a route decides the next request. */
export const parameterCases = ({ stage, onEach }: Cases): void => {
  const check = async (row: Row, set: (parameters: object) => Promise<void>): Promise<void> => {
    const client = stranger();
    const cookies = new Map<string, string>();
    if (row.cleared) {
      await set({ challenge_all: true });
      await onEach(async (gateway) => void cookies.set(gateway.name, await clear(stage(), gateway)));
    }
    const outcome = async (gateway: DefendedGateway, path?: string): Promise<Outcome> => {
      const cookie = cookies.get(gateway.name);
      return outcomeOf(
        await stage().get(gateway, { ...row.headers, ...(cookie ? { cookie } : {}), ...client }, path),
      );
    };
    await set({ mode: 'observe' });
    await roomInMinute();
    await onEach(async (gateway) => {
      for (let i = 0; i < (row.earlier ?? 0); i++) await outcome(gateway, '/shop/x');
    });
    const [before, after] = row.expected;
    await set(row.before);
    await onEach(async (gateway) => expect(await outcome(gateway, row.path)).toBe(before));
    await set(row.after);
    await onEach(async (gateway) => expect(await outcome(gateway, row.path)).toBe(after));
  };

  describe('a parameter changed on node 3 decides the next request', () => {
    it.each(OF_TENANT)('of a tenant: $parameter', async (row) => {
      await stage().apply({});
      await check(row, (parameters) => stage().configure(parameters));
    });

    it.each(OF_ROUTE)('of a route: $parameter', async (row) => {
      // The route has the last word.
      await stage().configure({ threat_threshold: 90, rate_limit: 900, mode: 'enforce' });
      await check(row, (parameters) => stage().apply(parameters));
    });

    it('challenge_type: "js" is the one kind there is; any other is refused and changes nothing', async () => {
      await stage().apply({});
      await stage().configure({ challenge_all: true, challenge_type: 'js' });
      const other = { config: { challenge_all: false, challenge_type: 'captcha' } };
      await expect(stage().write(3, '/global-config/tenant', 'tenant-001', other)).rejects.toThrow(/400/);
      await onEach(async (gateway) => {
        const page = await stage().get(gateway, stranger());
        expect(outcomeOf(page)).toBe('challenge');
        expect(page.body).toContain('<script>');
      });
    });
  });
};
