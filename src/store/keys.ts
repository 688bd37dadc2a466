import { CURSOR_DIGITS } from '../contract/changes.ts';
import { DIRECTORIES, type Directory } from '../contract/directory.ts';
import { KINDS, type Kind, isKind } from '../contract/record.ts';
import type { Revision } from '../shared/revision.ts';

/** What a source key names. `claims` and `requests` matter to writers only. */
export type SourceKey =
  | { readonly family: Kind; readonly id: string }
  | { readonly family: 'versions'; readonly kind: Kind; readonly id: string; readonly version: number }
  | { readonly family: 'nodes' | 'tokens' | 'token_uses'; readonly id: string }
  | { readonly family: 'other' };

/**
 * What APISIX lists and watches at its start, `/apisix/{name}/`. It wants each to exist: an absent directory
 * delays its first event.
 */
const APISIX_DIRECTORIES = [
  'routes',
  'ssls',
  'plugin_configs',
  'services',
  'upstreams',
  'consumers',
  'global_rules',
  'plugin_metadata',
  'plugins',
  'protos',
  'consumer_groups',
  'secrets',
  'stream_routes',
  'cdn_defense/tenants',
  'cdn_defense/policies',
  'cdn_defense/keyring',
];

/** Directories with one key for each id, besides the kinds of records. */
const PLAIN_FAMILIES = new Map<string, 'nodes' | 'tokens' | 'token_uses'>([
  ['nodes', 'nodes'],
  ['tokens', 'tokens'],
  ['token-uses', 'token_uses'],
]);

/** The one home of every key in the store. No key is built anywhere else. */
export class Keyspace {
  /** Such as `/cdn-defense/`. */
  readonly source: string;
  /** Such as `/apisix/`. */
  readonly projection: string;

  constructor(prefix: string, apisixPrefix: string) {
    this.source = `${prefix}/`;
    this.projection = `${apisixPrefix}/`;
  }

  record(kind: Kind, id: string): string {
    return `${this.source}${kind}/${id}`;
  }

  records(kind: Kind): string {
    return `${this.source}${kind}/`;
  }

  /** The history of all objects of a kind. */
  histories(kind: Kind): string {
    return `${this.source}versions/${kind}/`;
  }

  /** All history entries. */
  allHistory(): string {
    return `${this.source}versions/`;
  }

  historyOf(kind: Kind, id: string): string {
    return `${this.source}versions/${kind}/${id}/`;
  }

  history(kind: Kind, id: string, version: number): string {
    return `${this.historyOf(kind, id)}${version}`;
  }

  node(id: string): string {
    return `${this.source}nodes/${id}`;
  }

  /** What any node writes to see it come back: everything before it has then come too. */
  marker(): string {
    return `${this.source}marker`;
  }

  /** Written with each repair of the projection and each change of challenge keys: names what was written for gateways. */
  repairNote(): string {
    return `${this.source}repairs/projection`;
  }

  /** How far something that follows the store has got, such as `events`. */
  checkpoint(follower: string): string {
    return `${this.source}checkpoints/${follower}`;
  }

  /** What the last comparison of the store with itself has found. */
  driftReport(): string {
    return `${this.source}drift/report`;
  }

  /** Under a lease so short that its going tells of a node that has stopped. */
  pulse(node: string): string {
    return `${this.source}pulses/${node}`;
  }

  pulses(): string {
    return `${this.source}pulses/`;
  }

  /** Which gateways a node hears. */
  roster(node: string): string {
    return `${this.source}gateways/${node}/roster`;
  }

  /** How far they are. */
  progress(node: string): string {
    return `${this.source}gateways/${node}/progress`;
  }

  gateways(): string {
    return `${this.source}gateways/`;
  }

  /** Reads a key that nodes keep about the fleet; `undefined` for other keys. */
  parseFleet(
    key: string,
  ): { readonly part: 'pulse' | 'roster' | 'progress'; readonly node: string } | undefined {
    if (!key.startsWith(this.source)) return undefined;
    const [family, node = '', part, ...rest] = key.slice(this.source.length).split('/');
    if (node === '' || rest.length > 0) return undefined;
    if (family === 'pulses' && part === undefined) return { part: 'pulse', node };
    return family === 'gateways' && (part === 'roster' || part === 'progress') ? { part, node } : undefined;
  }

  nodes(): string {
    return `${this.source}nodes/`;
  }

  /** An API token, hashed. */
  token(id: string): string {
    return `${this.source}tokens/${id}`;
  }

  tokens(): string {
    return `${this.source}tokens/`;
  }

  /** When a token was last used. */
  tokenUse(id: string): string {
    return `${this.source}token-uses/${id}`;
  }

  tokenUses(): string {
    return `${this.source}token-uses/`;
  }

  /** A key that signs challenges. */
  key(kid: string): string {
    return `${this.source}keyring/${kid}`;
  }

  keyring(): string {
    return `${this.source}keyring/`;
  }

  /** Which challenge key a source key holds; `undefined` for other keys. */
  parseKey(key: string): string | undefined {
    const start = this.keyring();
    const kid = key.startsWith(start) ? key.slice(start.length) : '';
    return kid === '' || kid.includes('/') ? undefined : kid;
  }

  /** Who holds it leads in one matter, such as `keyring`. */
  leader(matter: string): string {
    return `${this.source}leader/${matter}`;
  }

  /** `digest` is the hash of the caller's key, so no key text of a caller reaches the store. */
  request(tenant: string, digest: string): string {
    return `${this.source}requests/${tenant}/${digest}`;
  }

  /**
   * An entry of the change log. The revision that the change was planned at is in the name, counted from the far
   * end, so that the newest entries come first in the order of keys. The revision that carries the change is later,
   * by the few changes that raced it.
   */
  change(planned: Revision, request_id: string): string {
    return `${this.changesFrom(planned)}-${request_id}`;
  }

  changes(): string {
    return `${this.source}changes/`;
  }

  /** Entries of the change log that were planned at this revision or before come after this in the order of keys. */
  changesFrom(planned: Revision): string {
    const place = Number.MAX_SAFE_INTEGER - planned;
    return `${this.changes()}${String(place).padStart(CURSOR_DIGITS, '0')}`;
  }

  /** An entry of the change log as it is named to callers who read on from it. */
  cursorOf(change: string): string {
    return change.slice(this.changes().length);
  }

  changeAt(cursor: string): string {
    return `${this.changes()}${cursor}`;
  }

  /** Everything claimed at exactly this place. A claim's value is `{tenant_id}`; its holder is in the key. */
  claimsAt(space: string, labels: readonly string[], wildcard: boolean): string {
    return `${this.claimPath(space, labels)}${wildcard ? '*' : '.'}/`;
  }

  /** Everything claimed at or beneath this place. */
  claimsUnder(space: string, labels: readonly string[]): string {
    return this.claimPath(space, labels);
  }

  claim(space: string, labels: readonly string[], wildcard: boolean, holder: string): string {
    return `${this.claimsAt(space, labels, wildcard)}${holder}`;
  }

  claims(): string {
    return `${this.source}claims/`;
  }

  /** How a claim's key names the record that holds it. */
  holder(kind: Kind, id: string): string {
    return `${kind}:${id}`;
  }

  /** Whose claim it is: the record that holds it. */
  holderOf(claim: string): { kind: Kind; id: string } | undefined {
    const holder = claim.slice(claim.lastIndexOf('/') + 1);
    const kind = KINDS.find((name) => holder.startsWith(this.holder(name, '')));
    return kind && { kind, id: holder.slice(this.holder(kind, '').length) };
  }

  /** Never written, only tried: whether the store lets its caller write under a prefix. */
  probe(prefix: string): string {
    return `${prefix}access`;
  }

  projected(directory: Directory, id: string): string {
    return `${this.projection}${directory}/${id}`;
  }

  projectedIn(directory: Directory): string {
    return `${this.projection}${directory}/`;
  }

  apisixDirectories(): readonly string[] {
    return APISIX_DIRECTORIES.map((name) => `${this.projection}${name}/`);
  }

  /** Reads a key under the source prefix; `undefined` for keys elsewhere. */
  parse(key: string): SourceKey | undefined {
    if (!key.startsWith(this.source)) return undefined;
    const [family = '', id = '', ...rest] = key.slice(this.source.length).split('/');
    if (isKind(family) && id !== '' && rest.length === 0) return { family, id };
    const plain = PLAIN_FAMILIES.get(family);
    if (plain && id !== '' && rest.length === 0) return { family: plain, id };
    const version = Number(rest[1]);
    if (family === 'versions' && isKind(id) && rest[0] && Number.isSafeInteger(version)) {
      return { family: 'versions', kind: id, id: rest[0], version };
    }
    return { family: 'other' };
  }

  /** Which record a source key holds; `undefined` for other keys. */
  parseRecord(key: string): { kind: Kind; id: string } | undefined {
    const place = this.parse(key);
    return place && 'id' in place && isKind(place.family) ? { kind: place.family, id: place.id } : undefined;
  }

  /** Reads a key under APISIX's prefix, of a directory the projection writes. */
  parseProjected(key: string): { directory: Directory; id: string } | undefined {
    const place = this.parseApisix(key);
    const directory = DIRECTORIES.find((name) => name === place?.directory);
    return place && directory ? { directory, id: place.id } : undefined;
  }

  /** Reads a key of any of APISIX's directories; `undefined` for their placeholders and for keys elsewhere. */
  parseApisix(key: string): { directory: string; id: string } | undefined {
    for (const directory of APISIX_DIRECTORIES) {
      const start = `${this.projection}${directory}/`;
      if (!key.startsWith(start)) continue;
      const id = key.slice(start.length);
      return id === '' || id.includes('/') ? undefined : { directory, id };
    }
    return undefined;
  }

  /** Labels are joined by `/`, each escaped, so that a prefix of labels is a prefix of the key. */
  private claimPath(space: string, labels: readonly string[]): string {
    return `${this.source}claims/${space}/${labels.map((label) => `-${encodeURIComponent(label)}/`).join('')}`;
  }
}
