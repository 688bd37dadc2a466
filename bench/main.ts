import { ensureDebianTool } from '../scripts/debian.js';
import { visibility } from './visibility.ts';

process.env['ETCD_BIN'] ??= ensureDebianTool('etcd');
await visibility();
