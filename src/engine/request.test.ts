import { expect, test } from 'vitest';
import { gatherHeaders } from './request.ts';

const SENT: [what: string, forwarded: string, judged: boolean][] = [
  ['the host that a proxy repeats', 'localhost:9080', false],
  ['another host', 'localhost:9081', true],
  ['an injection', '${jndi:ldap://x}', true],
];

test.each(SENT)('x-forwarded-host with %s is judged: %s, %s', (_, value, judged) => {
  const { others } = gatherHeaders([
    { name: 'x-forwarded-host', value },
    { name: 'host', value: 'localhost:9080' },
  ]);
  expect(others.length === 1).toBe(judged);
});
