import type { DefendedGateway } from '../gateway.ts';
import type { Stage } from '../stage.ts';

/** What a group of cases is given: the stage, once it stands, and a way to ask the same of every gateway. */
export interface Cases {
  readonly stage: () => Stage;
  /** Runs the same on each gateway, one after the other; a failure names the gateway. */
  readonly onEach: (ask: (gateway: DefendedGateway) => Promise<void>) => Promise<void>;
}
