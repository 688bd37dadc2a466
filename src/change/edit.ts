import type { Directory } from '../contract/directory.ts';
import { Refusal } from '../contract/errors.ts';
import type { Action, Kind, Provenance, RecordOf } from '../contract/record.ts';
import { type ClaimPlace, hostPlace, routeClaims } from '../domain/claim.ts';
import { projectCertificate } from '../projection/certificate.ts';
import type { Projection } from '../projection/object.ts';
import { projectRoute } from '../projection/route.ts';
import { projectTenant } from '../projection/tenant.ts';
import type { ChangeRoom } from './context.ts';
import type { Loaded } from './reader.ts';
import { keyBinding } from './keys/sealer.ts';

/** A record without what commit stamps on it. */
export type DraftOf<K extends Kind> = Omit<RecordOf[K], keyof Provenance>;

/** What a plan wants one object to become. */
export interface Edit<K extends Kind = Kind> {
  readonly kind: K;
  readonly id: string;
  readonly before: Loaded<K> | undefined;
  /** The object to be, given the version it will have; `null` deletes it. */
  readonly draft: ((version: number) => DraftOf<K>) | null;
  /** JSON pointer to the object in the request's body, for refusals. Default: the body itself. */
  readonly pointer?: string;
}

export const actionOf = (edit: Edit): Action =>
  edit.draft === null ? 'delete' : edit.before ? 'update' : 'create';

/** What a record claims for its tenant. */
export const claimsOf = <K extends Kind>(kind: K, record: RecordOf[K]): ClaimPlace[] => {
  switch (kind) {
    case 'routes':
      return routeClaims(record as RecordOf['routes']);
    case 'ssl':
      return [hostPlace((record as RecordOf['ssl']).domain)];
    default:
      return [];
  }
};

/** What APISIX is to read of a record. @throws Refusal master_key_missing, sealed_with_other_key */
export const projectionsOf = <K extends Kind>(
  kind: K,
  record: RecordOf[K],
  { sealer, sslKeyring }: Pick<ChangeRoom, 'sealer' | 'sslKeyring'>,
): Projection[] => {
  switch (kind) {
    case 'config':
      return projectTenant(record);
    case 'routes':
      return projectRoute(record as RecordOf['routes']);
    default: {
      const certificate = record as RecordOf['ssl'];
      if (!sealer) throw new Refusal('master_key_missing');
      const key = sealer.open(certificate.sealed_key, keyBinding(certificate));
      return projectCertificate(certificate, sslKeyring ? sslKeyring.encrypt(key) : key);
    }
  }
};

/** One object in APISIX's prefix that a change writes or deletes. */
export interface ProjectedEdit {
  readonly directory: Directory;
  readonly id: string;
  readonly action: 'put' | 'delete';
}
