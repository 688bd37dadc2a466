import { BAD_ESCAPE, CONTROL_ESCAPE, DOUBLE_ESCAPE } from '../rules/gate-patterns.ts';
import type { Host } from '../host.ts';
import type { HeaderFacts, RequestHead } from '../request.ts';
import type { Signal } from '../signal.ts';
import { parseDecimal } from '../text/text.ts';

function add(signals: Signal[], id: string, points: number, place: 'path' | 'request'): void {
  signals.push({ id, group: 'evasion', points, place });
}

/** Requests that are formed to be read differently by different programs. */
export function judgeProtocol(host: Host, request: RequestHead, facts: HeaderFacts, signals: Signal[]): void {
  if (facts.transfer_encoding !== '' && facts.content_length !== '')
    add(signals, 'two_lengths', 40, 'request');
  else if (facts.content_length !== '' && parseDecimal(facts.content_length) < 0)
    add(signals, 'bad_length', 40, 'request');
  if (facts.repeated) add(signals, 'repeated_header', 30, 'request');
  if (request.target.indexOf('%') < 0) return;
  if (host.match(DOUBLE_ESCAPE, request.target)) add(signals, 'double_escape', 15, 'path');
  if (host.match(BAD_ESCAPE, request.target)) add(signals, 'bad_escape', 10, 'path');
  if (host.match(CONTROL_ESCAPE, request.target)) add(signals, 'control_escape', 20, 'path');
}
