// Every test, on a fresh Debian machine: the checks, then all of vitest's projects with the programs they need.
import { mkdirSync, readFileSync } from 'node:fs';
import { ensureDebianTool, ensureEtcd35 } from './debian.js';
import { run } from './run.js';

const REPORT = '.cache/test-report.json';

const steps = [
  ['checks', () => run('node', ['scripts/check.js', '--static'])],
  ['build', () => run('npm', ['run', '--silent', 'build'])],
  [
    'all tests',
    async () => {
      const env = { ETCD_BIN: await ensureDebianTool('etcd') };
      const newer = await ensureEtcd35();
      if (newer.path) env.ETCD35_BIN = newer.path;
      else console.log(`etcd 3.5 is not tested: ${newer.missing}`);
      mkdirSync('.cache', { recursive: true });
      const reporters = ['--reporter', 'default', '--reporter', 'json', `--outputFile.json=${REPORT}`];
      return run('npx', ['--no-install', 'vitest', 'run', ...reporters], env);
    },
  ],
];

for (const [name, step] of steps) {
  const code = await step();
  if (code !== 0) {
    console.log(`FAILED: ${name}`);
    process.exit(code);
  }
}
const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(REPORT, 'utf8'));
console.log(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`);
