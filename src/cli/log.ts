import pino from 'pino';
import type { Log } from '../shared/log.ts';
import { oneOf } from './values.ts';

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** The setting every server command has. */
export const logLevel = (fallback: (typeof LEVELS)[number]) =>
  ({ value: 'LEVEL', help: LEVELS.join(', '), default: fallback, parse: oneOf(...LEVELS) }) as const;

/** JSON lines on standard error, so that standard output stays for what a person reads. */
export const createLog = (level: (typeof LEVELS)[number], fields: Record<string, string>): Log =>
  pino({ level, base: fields }, pino.destination({ fd: 2, sync: true }));
