import type { Directory } from '../contract/directory.ts';
import type { Kind } from '../contract/record.ts';
import { parseCertificateId } from '../domain/certificate.ts';
import { sslIdOf } from './certificate.ts';

/** Where in APISIX's prefix a record may be read, whatever it says. */
export const placesOf = (
  kind: Kind,
  id: string,
): { readonly directory: Directory; readonly id: string }[] => {
  switch (kind) {
    case 'config':
      return [{ directory: 'cdn_defense/tenants', id }];
    case 'routes':
      return [
        { directory: 'routes', id },
        { directory: 'cdn_defense/policies', id },
      ];
    default:
      return [{ directory: 'ssls', id: sslIdOf(parseCertificateId(id).domain) }];
  }
};
