import { Type } from '@sinclair/typebox';
import { CANONICAL_HOST } from './host.ts';

/**
 * Identifiers become etcd keys, APISIX ids and log fields, so they hold no separator of any of these:
 * APISIX allows `^[a-zA-Z0-9-_.]{1,64}$`, and `..` or a leading dot would read like a path.
 */
const NAME = '(?!.*\\.\\.)[a-zA-Z0-9_-][a-zA-Z0-9._-]{0,63}';
const IDENTIFIER = `^${NAME}$`;

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

/** A host name as it is stored. Ten labels keep a claim's guards within one transaction. */
export const Domain = Type.String({
  maxLength: 253,
  pattern: `^${CANONICAL_HOST}$`,
  description: 'A host name in lower case and punycode; `*.` in front covers what is beneath.',
  examples: ['api.example.com', '*.example.com'],
});

/** A host name as callers write it. It is stored, claimed and shown in its canonical form. */
export const HostName = Type.String({
  minLength: 1,
  maxLength: 253,
  format: 'host-name',
  description:
    'A host name; `*.` in front covers what is beneath. Stored in lower case and punycode, whatever case or script it is written in.',
  examples: ['api.example.com', '*.example.com'],
});

/** `{tenant_id}:{domain}` */
export const CertificateId = Type.String({
  maxLength: 318,
  pattern: `^${NAME}:${CANONICAL_HOST}$`,
  description: '`{tenant_id}:{domain}`',
  examples: ['tenant-001:api.example.com'],
});

export const idPattern = new RegExp(IDENTIFIER);
