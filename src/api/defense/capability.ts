/**
 * A gateway without the plugin serves a protected route unprotected, and says nothing about it. So the defense is not put
 * anywhere while a gateway that reports lacks it, unless the operator wants to be warned only.
 */
import { Refusal } from '../../contract/errors.ts';
import { message } from '../../contract/message.ts';
import type { Call } from '../endpoint.ts';

/** Most gateways that an answer names. */
const NAMED_MAX = 10;

/** @returns warnings for the answer. @throws Refusal gateway_lacks_plugin */
export const checkCapability = ({
  node,
  principal,
  language,
}: Pick<Call<unknown, unknown, unknown>, 'node' | 'principal' | 'language'>): string[] => {
  const lacking = node.fleet
    .gateways()
    .filter(({ plugin, state }) => !plugin.loaded && state !== 'disconnected')
    .map(({ gateway_id }) => gateway_id);
  if (lacking.length === 0) return [];
  const more = lacking.length > NAMED_MAX ? ' …' : '';
  // Which gateways there are is nothing that tenants are told.
  const named = principal.role === 'operator';
  const gateways = named ? lacking.slice(0, NAMED_MAX).join(', ') + more : String(lacking.length);
  if (node.capabilityGate === 'warn') return [message('gateway_lacks_plugin', language, gateways)];
  throw new Refusal('gateway_lacks_plugin', {
    params: { gateways },
    extra: named ? { gateways: lacking.slice(0, NAMED_MAX) } : {},
  });
};

/** The answer with what is to be warned of besides. */
export const withWarnings = <T extends { readonly body: unknown }>(
  answer: T,
  warnings: readonly string[],
): T => {
  if (warnings.length === 0) return answer;
  const body = answer.body as { readonly warnings?: readonly string[] };
  return { ...answer, body: { ...body, warnings: [...(body.warnings ?? []), ...warnings] } };
};
