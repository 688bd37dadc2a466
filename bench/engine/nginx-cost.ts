/**
 * CPU that the plugin adds to a request in nginx with LuaJIT: the process's own time for many requests to the same
 * location with and without it. The harness stands in for APISIX, whose own cost per request is not in here.
 *
 * `npm run bench:nginx [-- --requests N]`
 */
import { parseArgs } from 'node:util';
import { unpackedNginx } from '../../test/engine/nginx.ts';
import { costLine } from './load.ts';
import { nginxCost } from './nginx.ts';

const { values: options } = parseArgs({ options: { requests: { type: 'string', default: '20000' } } });
const root = unpackedNginx();
if (root === undefined) throw new Error("Debian's nginx with Lua could not be unpacked here");
console.log(costLine('nginx', await nginxCost(root, Number(options.requests))));
