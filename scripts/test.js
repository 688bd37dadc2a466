// Every test, on a fresh Debian machine: the checks, then all of vitest's projects with the programs they need.
import { mkdirSync, readFileSync } from 'node:fs';
import { ToolMissingError, ensureDebianCommands, ensureDebianTool } from './debian.js';
import { run } from './run.js';

const REPORT = '.cache/test-report.json';

/** Programs of this machine, or of Debian's packages. */
const tools = () => {
  ensureDebianCommands(['curl', 'jq', 'chromium', 'luajit']);
  return {
    ETCD_BIN: ensureDebianTool('etcd'),
    ETCDCTL_BIN: ensureDebianTool('etcdctl'),
    REDIS_SERVER_BIN: ensureDebianTool('redis-server'),
  };
};

const vitest = (env, ...args) => run('npx', ['--no-install', 'vitest', 'run', ...args], env);

const allTests = (env) => {
  mkdirSync('.cache', { recursive: true });
  // Without APISIX_HOME: here nginx stands behind the harness, and Apache APISIX has a step of its own.
  const here = { ...env, APISIX_HOME: undefined };
  return vitest(here, '--reporter', 'default', '--reporter', 'json', `--outputFile.json=${REPORT}`);
};

const steps = [
  ['checks', () => run('node', ['scripts/check.js', '--static'])],
  ['known vulnerabilities', () => run('node', ['scripts/audit.js'])],
  ['build', () => run('npm', ['run', '--silent', 'build'])],
  ['all tests', (env) => allTests(env)],
  ['Apache APISIX', (env) => run('node', ['scripts/test-apisix.js'], env)],
];

const main = async () => {
  const env = tools();
  for (const [name, step] of steps) {
    const code = await step(env);
    if (code === 0) continue;
    console.log(`FAILED: ${name}`);
    return code;
  }
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(REPORT, 'utf8'));
  console.log(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`);
  return 0;
};

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof ToolMissingError)) throw error;
  console.error(`The tests need a program that this machine has not: ${error.message}`);
  process.exitCode = 1;
}
