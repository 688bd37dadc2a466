import type { Guard } from './port.ts';

/** The time from the election of a leader to its end. */
export interface Term {
  /**
   * Goes into every transaction of the leader's work. A leader that was paused and does not know yet that its term
   * is over writes nothing: the election's key is gone, or was created anew by somebody else.
   */
  readonly fence: Guard;
  /** Aborts when the term is over, as far as this process can tell. */
  readonly signal: AbortSignal;
}
