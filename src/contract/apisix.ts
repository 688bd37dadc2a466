/**
 * What APISIX 3.18, and the plugin, ask of parts that many objects have: the projection writes nothing that would be
 * rejected, and the embedded gateway takes nothing that APISIX would not.
 */
import { Type } from '@sinclair/typebox';
import { PEM_MAX } from './certificate.ts';

export const ObjectId = Type.String({ pattern: '^[a-zA-Z0-9-_.]{1,64}$' });

export const HostPattern = Type.String({ pattern: '^\\*$|^\\*?[0-9a-zA-Z-._\\[\\]:]+$' });

export const Labels = Type.Record(
  Type.String(),
  Type.String({ minLength: 1, maxLength: 256, pattern: '^\\S+$' }),
);

export const Port = Type.Integer({ minimum: 1, maximum: 65_535 });
export const Weight = Type.Integer({ minimum: 0 });

export const CERTIFICATE_LENGTH = { minLength: 128, maxLength: PEM_MAX };
/** As PEM, or as APISIX's keyring encrypts it. */
export const PRIVATE_KEY_LENGTH = { minLength: 64, maxLength: PEM_MAX };

export const ChallengeKeyId = Type.String({ pattern: '^[a-zA-Z0-9_-]{1,32}$' });

/** A challenge key as the engine reads it. */
export const challengeKey = {
  id: ChallengeKeyId,
  secret: Type.String({ minLength: 32, maxLength: 256, pattern: '^[\\x21-\\x7e]+$' }),
  state: Type.Union([Type.Literal('verify'), Type.Literal('signing'), Type.Literal('retired')]),
};
