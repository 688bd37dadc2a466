/**
 * The decision core of `cdn_defense`: one source for the embedded gateway (JavaScript) and for Apache APISIX
 * (Lua). Values in, values out; the world comes in through `Host`. See docs/engine.md.
 */
export type { Address, Cidr } from './address.ts';
export { parseAddress, parseCidr } from './address.ts';
export { bindingOf } from './binding.ts';
export type { Challenge, Refusal, Solution } from './challenge/challenge.ts';
export { BASE_DIFFICULTY, CHALLENGE_TTL_S, isSolved } from './challenge/challenge.ts';
export type { ClearanceState } from './challenge/clearance.ts';
export { CLEARANCE_TTL_S, clearanceCookieName, issueClearance } from './challenge/clearance.ts';
export type { Decision, Gateway } from './decide.ts';
export { decideBody, decideHead } from './decide.ts';
export type { CounterScope, Host } from './host.ts';
export { BODY_LIMIT_BYTES } from './inspect/inspect-body.ts';
export type { Key, KeyDocument, Keyring } from './challenge/keyring.ts';
export { compileKeyring } from './challenge/keyring.ts';
export type { Language, Page, Posted } from './challenge/page.ts';
export { challengePage, compilePage, languageOf, problemBody, solutionIn } from './challenge/page.ts';
export type { Policy, RateLimit, RouteDocument, TenantDocument } from './policy.ts';
export { compilePolicy } from './policy.ts';
export type { RateState } from './rate.ts';
export type { Header, RequestHead } from './request.ts';
export { RESERVED_PREFIX, VERIFY_PATH } from './challenge/reserved.ts';
export type { Signal, SignalGroup } from './signal.ts';
export type { Action, Reason, Verdict } from './verdict.ts';
export { explain, rateHeaders, signalList, upstreamHeaders } from './verdict.ts';
