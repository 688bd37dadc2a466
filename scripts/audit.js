// Known vulnerabilities of the dependencies, by `npm audit`, where the registry answers that; where not, it says so.
// Fails on any in what is installed for production, and on grave ones in what builds and tests.
import { execFile } from 'node:child_process';

const GRAVE = ['high', 'critical'];
const TIMEOUT_MS = 60_000;

/** @returns {Promise<{ vulnerabilities: Record<string, { severity: string }> } | { silent: string }>} */
const audit = (...args) =>
  new Promise((resolve) => {
    const options = { timeout: TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 };
    execFile('npm', ['audit', '--json', ...args], options, (error, stdout) => {
      let report;
      try {
        report = JSON.parse(stdout);
      } catch {
        // What is no report is told below.
      }
      if (report?.vulnerabilities) return resolve(report);
      const reason = report?.message ?? report?.error?.summary ?? error?.message ?? 'no report';
      resolve({ silent: String(reason).split('\n')[0] });
    });
  });

const listed = ({ vulnerabilities }) =>
  Object.entries(vulnerabilities).map(([name, { severity }]) => `${name} (${severity})`);

const main = async () => {
  const production = await audit('--omit=dev');
  const everything = 'silent' in production ? production : await audit();
  if ('silent' in everything) {
    console.log(
      `npm audit: the registry does not answer it here (${everything.silent}); vulnerabilities are NOT checked`,
    );
    return 0;
  }
  const grave = listed({
    vulnerabilities: Object.fromEntries(
      Object.entries(everything.vulnerabilities).filter(([, { severity }]) => GRAVE.includes(severity)),
    ),
  });
  const found = [...new Set([...listed(production), ...grave])];
  console.log(
    `npm audit: ${found.length === 0 ? 'nothing known' : `known vulnerabilities in ${found.join(', ')}`}`,
  );
  return found.length === 0 ? 0 : 1;
};

process.exitCode = await main();
