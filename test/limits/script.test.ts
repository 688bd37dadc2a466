import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { EXCHANGE_SCRIPT } from '../../src/gateway/limits/redis-link.ts';

it('the embedded gateway and the plugin send Redis the very same script', () => {
  const plugin = path.resolve(import.meta.dirname, '../../apisix/plugins/cdn_defense/redis_link.lua');
  const [, script] = /local EXCHANGE = \[\[(.*?)\]\]/s.exec(readFileSync(plugin, 'utf8')) ?? [];
  expect(script).toBe(EXCHANGE_SCRIPT);
});
