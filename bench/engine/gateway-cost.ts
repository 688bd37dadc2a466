/**
 * CPU that the defense adds to a request in the embedded gateway, as a share of what the same route costs without it.
 * The process is the built product.
 *
 * `npm run bench:gateway [-- --requests N]`
 */
import { parseArgs } from 'node:util';
import { costLine } from './load.ts';
import { gatewayCost } from './gateway.ts';

const { values: options } = parseArgs({ options: { requests: { type: 'string', default: '10000' } } });
console.log(costLine('embedded gateway', await gatewayCost(Number(options.requests))));
