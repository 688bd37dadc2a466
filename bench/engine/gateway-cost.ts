/**
 * CPU that the defense adds to a request in a whole gateway, and what share that is of what the same route costs without
 * it. By default the embedded gateway, as built; `--in nginx` is the Apache APISIX of `APISIX_HOME`, or nginx behind a harness.
 *
 * `npm run bench:gateway [-- --in nginx --requests N]`
 */
import { parseArgs } from 'node:util';
import { costLine } from './load.ts';
import { gatewayCost } from './gateway.ts';

const { values: options } = parseArgs({
  options: { requests: { type: 'string', default: '10000' }, in: { type: 'string', default: 'embedded' } },
});
const kind = options.in === 'nginx' ? 'nginx' : 'embedded';
const name =
  kind === 'embedded' ? 'embedded gateway' : (process.env['APISIX_HOME'] ?? 'nginx behind a harness');
console.log(costLine(name, await gatewayCost(kind, Number(options.requests))));
