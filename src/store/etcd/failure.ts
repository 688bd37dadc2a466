/** What a failed gRPC call means: was it applied, may it be tried elsewhere, and what to tell people. */
import { status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import {
  AnswerTooLargeError,
  CompactedError,
  OutcomeUnknownError,
  StoreRefusedError,
  StoreUnavailableError,
} from '../port.ts';

/** The attempt ended before the request left this process, so it was certainly not applied. */
export class NotSentError extends Error {
  override readonly name = 'NotSentError';
}

export type Verdict =
  /** For good; another member would say the same. */
  | 'refused'
  | 'compacted'
  /** The token is no longer valid; not applied. */
  | 'reauthenticate'
  /** Certainly not applied; another member may do it. */
  | 'not-applied'
  /** Perhaps applied. */
  | 'ambiguous';

export const isServiceError = (error: unknown): error is ServiceError =>
  error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;

/** Failures of the connection or of the member, as opposed to answers about the request. */
export const isTransport = ({ code }: ServiceError): boolean =>
  code === status.UNAVAILABLE ||
  code === status.DEADLINE_EXCEEDED ||
  code === status.CANCELLED ||
  code === status.INTERNAL ||
  code === status.UNKNOWN ||
  code === status.ABORTED;

/** Said by etcd before it proposes anything to the cluster, or by gRPC before it sends anything. */
const BEFORE_EFFECT = [
  'etcdserver: no leader',
  'etcdserver: too many requests',
  'raft proposal dropped',
  'No connection established',
  'Name resolution failed',
  'Waiting for LB pick', // gRPC's words for a deadline that passed before there was a connection
];

/** A deadline that passed before anything was sent: it hides the reason that an earlier attempt told. */
export const isReasonless = (error: unknown): boolean =>
  error instanceof NotSentError || (isServiceError(error) && error.details.includes('Waiting for LB pick'));

const STALE_TOKEN = ['invalid auth token', 'revision of auth store is old'];

/** gRPC's words, on this side, for an answer above the limit of `endpoint.ts`. */
const TOO_LARGE = ['Received message larger than max'];

const says = ({ details }: ServiceError, texts: readonly string[]): boolean =>
  texts.some((text) => details.includes(text));

export const verdictOf = (error: unknown): Verdict => {
  if (error instanceof NotSentError) return 'not-applied';
  if (!isServiceError(error)) return 'ambiguous';
  if (says(error, STALE_TOKEN)) return 'reauthenticate';
  if (says(error, BEFORE_EFFECT)) return 'not-applied';
  if (error.code === status.OUT_OF_RANGE && error.details.includes('compacted')) return 'compacted';
  return isTransport(error) ? 'ambiguous' : 'refused';
};

/** For logs and messages: the code's name and the server's words. Never request content. */
export const describeFailure = (error: unknown): string => {
  if (!isServiceError(error)) return error instanceof Error ? error.message : 'unknown failure';
  return `${status[error.code]}: ${error.details}`;
};

const ADVICE: readonly (readonly [text: string, advice: string])[] = [
  ['authentication failed', 'check the etcd user and password'],
  [
    'permission denied',
    'grant the etcd user, or the name in the client certificate, a role with our prefixes',
  ],
  ['user name is empty', 'etcd requires authentication: configure a user and password'],
  ['database space exceeded', 'compact and defragment etcd, then disarm its NOSPACE alarm'],
  ['requested lease not found', 'the lease has ended'],
];

/** The port's error for a call that is over. */
export const toStoreError = (name: string, error: unknown, perhapsApplied: boolean): Error => {
  const verdict = verdictOf(error);
  const detail = describeFailure(error);
  const cause = { cause: error };
  if (verdict === 'compacted') return new CompactedError('the revision asked for is compacted', cause);
  if (verdict === 'refused') {
    if (isServiceError(error) && says(error, TOO_LARGE))
      return new AnswerTooLargeError(`etcd's answer to ${name} is too large: ${detail}`, cause);
    const advice = ADVICE.find(([text]) => detail.includes(text))?.[1];
    const help = advice === undefined ? '' : ` (${advice})`;
    return new StoreRefusedError(`etcd refused ${name}: ${detail}${help}`, cause);
  }
  if (perhapsApplied && verdict === 'ambiguous') {
    return new OutcomeUnknownError(`etcd may or may not have applied the transaction: ${detail}`, cause);
  }
  return new StoreUnavailableError(`etcd did not answer ${name}: ${detail}`, cause);
};
