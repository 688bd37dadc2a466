import { AGENT_SUSPECT, PRODUCT } from '../rules/gate-patterns.ts';
import type { Host } from '../host.ts';
import { DECLARED_TOOL, SCANNER_AGENT } from './agent-patterns.ts';
import { contains, startsWith } from '../text/text.ts';

/** What a user agent says it is. `suspect`: it also holds signs that no user agent needs. */
export interface Agent {
  readonly kind: 'scanner' | 'tool' | 'browser' | 'other';
  readonly suspect: boolean;
}

const MOST_REMEMBERED = 512;
const LONGEST_REMEMBERED = 400;

/** A site sees the same few hundred user agents again and again; reading one costs more than all else. */
let remembered: Record<string, Agent | undefined> = {};
let count = 0;

function kindOf(host: Host, agent: string): Agent['kind'] {
  if (host.match(SCANNER_AGENT, agent)) return 'scanner';
  if (host.match(DECLARED_TOOL, agent)) return 'tool';
  return startsWith(agent, 'mozilla/5.0 (') && !contains(agent, 'compatible;') ? 'browser' : 'other';
}

/** A function of the user agent alone: the memory changes what it costs, never what it says. */
export function readAgent(host: Host, user_agent: string): Agent {
  // The mark keeps names like "constructor" apart from what JavaScript objects have by birth.
  const key = `=${user_agent}`;
  const known = remembered[key];
  if (known !== undefined) return known;
  const agent = host.lower(user_agent);
  const read: Agent = {
    kind: kindOf(host, agent),
    suspect: !host.match(PRODUCT, agent) || host.match(AGENT_SUSPECT, agent),
  };
  if (user_agent.length > LONGEST_REMEMBERED) return read;
  if (count >= MOST_REMEMBERED) {
    remembered = {};
    count = 0;
  }
  remembered[key] = read;
  count += 1;
  return read;
}
