#!/usr/bin/env node
// The defense list, the plugin's counters, and limits that a fleet shares, on a real Apache APISIX: the one that APISIX_HOME names. Says so when there is none.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ToolMissingError, ensureDebianTool } from './debian.js';
import { run } from './run.js';

const TESTS = [
  'test/defense/list.e2e.test.ts',
  'test/defense/counters.e2e.test.ts',
  'test/limits/apisix.e2e.test.ts',
];

/** What is missing to start this APISIX, if anything. */
const missing = (home) => {
  if (!existsSync(join(home, 'apisix/cli/apisix.lua'))) {
    return `APISIX_HOME=${home} holds no APISIX: there is no apisix/cli/apisix.lua in it`;
  }
  try {
    execFileSync('sh', ['-c', 'command -v openresty']);
    return undefined;
  } catch {
    return 'APISIX runs on OpenResty, and there is no openresty on the PATH';
  }
};

const main = async () => {
  const home = process.env.APISIX_HOME;
  if (!home) {
    console.log(
      'SKIPPED: nothing was tested on Apache APISIX: set APISIX_HOME to where 3.18 or newer is installed',
    );
    return 0;
  }
  const lacks = missing(home);
  if (lacks !== undefined) {
    console.error(lacks);
    return 1;
  }
  const built = await run('npm', ['run', '--silent', 'build']);
  if (built !== 0) return built;
  const env = {
    ETCD_BIN: process.env.ETCD_BIN || ensureDebianTool('etcd'),
    REDIS_SERVER_BIN: process.env.REDIS_SERVER_BIN || ensureDebianTool('redis-server'),
  };
  return run('npx', ['--no-install', 'vitest', 'run', '--project', 'e2e', ...TESTS], env);
};

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof ToolMissingError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
