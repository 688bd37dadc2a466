import { readAgent } from './agent.ts';
import type { Host } from '../host.ts';
import type { HeaderFacts, RequestHead } from '../request.ts';
import type { Signal, SignalGroup } from '../signal.ts';
import { contains } from '../text/text.ts';

function add(signals: Signal[], id: string, group: SignalGroup, points: number): void {
  signals.push({ id, group, points, place: 'user_agent' });
}

/** The platform hint names what the user agent names, where a browser sends both. */
function platformAgrees(agent: string, hint: string): boolean {
  if (hint === '"Windows"') return contains(agent, 'Windows');
  if (hint === '"macOS"') return contains(agent, 'Macintosh');
  if (hint === '"Android"') return contains(agent, 'Android') || contains(agent, 'Linux');
  if (hint === '"Linux"') return contains(agent, 'Linux') || contains(agent, 'X11');
  return true;
}

function judgeBrowser(request: RequestHead, facts: HeaderFacts, signals: Signal[]): void {
  if (facts.accept_language === '') add(signals, 'browser_without_language', 'consistency', 10);
  if (facts.accept_encoding === '') add(signals, 'browser_without_encoding', 'consistency', 5);
  if (facts.ua_platform !== '' && !platformAgrees(facts.user_agent, facts.ua_platform)) {
    add(signals, 'platform_disagrees', 'consistency', 20);
  }
  // Fetch metadata goes to trustworthy origins only, and every Chromium since 76 sends it there.
  if (request.scheme === 'https' && facts.ua_platform !== '' && facts.fetch_mode === '') {
    add(signals, 'browser_without_fetch_metadata', 'consistency', 10);
  }
}

/**
 * Does the client look like what it says it is? Odd headers alone never reach a sane threshold: their group
 * is capped at 40. A tool that names itself as an attack scanner is another matter.
 */
export function judgeClient(host: Host, request: RequestHead, facts: HeaderFacts, signals: Signal[]): void {
  if (facts.user_agent === '') {
    add(signals, 'agent_missing', 'consistency', 15);
    if (!facts.has_accept) add(signals, 'accept_missing', 'consistency', 5);
    return;
  }
  const kind = readAgent(host, facts.user_agent).kind;
  if (kind === 'scanner') add(signals, 'scanner_agent', 'scanner', 80);
  else if (kind === 'tool') add(signals, 'automation_agent', 'consistency', 10);
  else if (kind === 'browser') judgeBrowser(request, facts, signals);
  if (!facts.has_accept) add(signals, 'accept_missing', 'consistency', 5);
}
