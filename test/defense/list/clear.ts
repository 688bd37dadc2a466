import type { DefendedGateway } from '../gateway.ts';
import type { Stage } from '../stage.ts';
import { challengeIn, solution, solve } from '../solver.ts';

/**
 * Opens a page that is challenged, does its work and sends the solution.
 * @param headers of the browser, besides its own
 * @returns the clearance, as a Cookie header
 */
export const clear = async (
  stage: Stage,
  gateway: DefendedGateway,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> => {
  const page = await stage.get(gateway, headers);
  const challenge = challengeIn(page.body);
  if (challenge.token === '') throw new Error(`no challenge: ${page.status} ${page.body.slice(0, 200)}`);
  const posted = solution(challenge.token, solve(challenge));
  const answer = await stage.get(gateway, { ...headers, 'x-lockstep-solution': posted });
  const [cookie = ''] = answer.headers['set-cookie'] ?? [];
  if (cookie === '') throw new Error(`not cleared: ${answer.status} ${answer.body}`);
  return cookie.slice(0, cookie.indexOf(';'));
};
