import { type Challenge, issueChallenge } from '../../../src/engine/challenge/challenge.ts';
import { type KeyDocument, issueClearance } from '../../../src/engine/engine.ts';
import type { Binding } from '../../../src/engine/binding.ts';
import { TestHost } from '../../engine/host.ts';
import { BROWSER } from '../../support/browser-like.ts';
import { TENANT, hostOf } from '../stage.ts';

/** What a browser's challenges and clearances for the shop are bound to. */
export const OWN: Binding = {
  tenant: TENANT,
  host: hostOf('shop'),
  user_agent: BROWSER['user-agent'],
  language: BROWSER['accept-language'],
  platform: '',
};

/**
 * Challenges and clearances as the fleet would issue them, with its own key, at any moment: no test can move the clock
 * of a gateway, and what it refuses must be refused for its age or its binding, not for its signature.
 */
export class Mint {
  private readonly key: KeyDocument;

  constructor(key: KeyDocument) {
    this.key = key;
  }

  /** An easy one, so that tests do not spend their time on it. */
  challenge(age_s: number, binding: Binding = OWN): Challenge {
    const host = new TestHost();
    host.time_ms = Date.now() - age_s * 1_000;
    return issueChallenge(host, this.key, binding, 16, false);
  }

  /** @param age_s how long ago its challenge was issued @returns a Cookie header */
  clearance(age_s: number, binding: Binding = OWN): string {
    const issued_s = Math.floor(Date.now() / 1_000) - age_s;
    return `lockstep-clearance=${issueClearance(new TestHost(), this.key, binding, issued_s, false)}`;
  }
}
