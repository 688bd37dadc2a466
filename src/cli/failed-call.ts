import { ProblemError, UnreachableError } from '../client/client.ts';

/**
 * Says why a node did not do what it was asked.
 * @returns the exit code: 1 when it refused, 2 when nobody answered
 * @throws the error when it is of another kind
 */
export const reportFailedCall = (error: unknown): 1 | 2 => {
  if (!(error instanceof ProblemError) && !(error instanceof UnreachableError)) throw error;
  process.stderr.write(`lockstep: ${error.message}\n`);
  return error instanceof ProblemError ? 1 : 2;
};
