import { Type } from '@sinclair/typebox';

/**
 * Identifiers become etcd keys, APISIX ids and log fields, so they hold no separator of any of these:
 * APISIX allows `^[a-zA-Z0-9-_.]{1,64}$`, and `..` or a leading dot would read like a path.
 */
const IDENTIFIER = '^(?!.*\\.\\.)[a-zA-Z0-9_-][a-zA-Z0-9._-]{0,63}$';

export const TenantId = Type.String({
  pattern: IDENTIFIER,
  description: 'A tenant. 1–64 letters, digits, `-`, `_` or `.`.',
  examples: ['tenant-001'],
});

export const RouteId = Type.String({
  pattern: IDENTIFIER,
  description: 'A route; one namespace for the whole fleet. 1–64 letters, digits, `-`, `_` or `.`.',
  examples: ['api-route-1'],
});

export const GatewayId = Type.String({
  pattern: IDENTIFIER,
  description: 'A gateway; one namespace for the whole fleet. 1–64 letters, digits, `-`, `_` or `.`.',
  examples: ['edge-1'],
});

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';

/** Ten labels are more than any real name and keep a claim's guards within one transaction. */
export const Domain = Type.String({
  maxLength: 253,
  pattern: `^(?:\\*\\.)?${LABEL}(?:\\.${LABEL}){0,9}$`,
  description:
    'A host name in lower case (punycode for other scripts); `*.` in front covers what is beneath.',
  examples: ['api.example.com', '*.example.com'],
});

/** `{tenant_id}:{domain}` */
export const CertificateId = Type.String({
  maxLength: 318,
  pattern: `^[a-zA-Z0-9_-][a-zA-Z0-9._-]{0,63}:(?:\\*\\.)?${LABEL}(?:\\.${LABEL}){0,9}$`,
  description: '`{tenant_id}:{domain}`',
  examples: ['tenant-001:api.example.com'],
});

export const idPattern = new RegExp(IDENTIFIER);
