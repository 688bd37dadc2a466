import { Refusal } from '../contract/errors.ts';
import {
  CompactedError,
  OutcomeUnknownError,
  StoreRefusedError,
  StoreUnavailableError,
} from '../store/port.ts';

/**
 * The catalogue's error for a store that does not answer or does not want to; any other error as it is.
 * @param request_id of the change, to find out by what became of it
 */
export const storeRefusal = (error: unknown, request_id?: string): unknown => {
  if (error instanceof StoreUnavailableError) return new Refusal('etcd_unavailable', { cause: error });
  if (error instanceof OutcomeUnknownError) {
    const extra = request_id === undefined ? {} : { change_request_id: request_id };
    return new Refusal('outcome_unknown', { cause: error, extra });
  }
  if (error instanceof StoreRefusedError) {
    return new Refusal('etcd_refused', { cause: error, params: { reason: error.message } });
  }
  if (error instanceof CompactedError) return new Refusal('compacted_meanwhile', { cause: error });
  return error;
};

/** The same for reads of what no cache holds. */
export const historyRefusal = (error: unknown): unknown =>
  error instanceof StoreUnavailableError
    ? new Refusal('history_unavailable', { cause: error })
    : storeRefusal(error);
