import type { Picture } from '../../reflector/reflector.ts';
import { type JsonObject, isObject, parseJson } from '../../shared/json.ts';
import type { Log } from '../../shared/log.ts';
import type { Revision, Stamp } from '../../shared/revision.ts';
import type { SslKeyring } from '../../shared/ssl-keyring.ts';
import type { KeyValue, StoreEvent } from '../../store/port.ts';
import { type Certificate, readCertificate } from './certificate.ts';
import {
  DEFENSE_KINDS,
  type Defense,
  type DefenseKind,
  type DefenseObject,
  type DefenseObjects,
} from '../defense/defense.ts';
import type { ParseKey } from '../stored/parse-key.ts';
import type { Reading } from '../stored/reading.ts';
import { type Route, readRoute } from './route.ts';
import { Router } from './router.ts';
import { type Rejection, Shelf } from './shelf.ts';
import { SniTable } from './sni-table.ts';
import { UnreadKeys } from './unread.ts';

/** What is known of one object. */
export interface ObjectState {
  /** The write that is in force; `undefined` = none. */
  readonly loaded: Revision | undefined;
  readonly rejection: Rejection | undefined;
}

const GLOBAL_RULES = 'global_rules';
const RULES_SHOWN = 20;

const readDefenseObject =
  (kind: DefenseKind, check: Defense['check']) =>
  (id: string, text: string): Reading<DefenseObject> => {
    const value = parseJson(text);
    if (value === undefined) return { kind: 'garbage' };
    if (!isObject(value)) return { kind: 'rejected', reason: 'it is not an object' };
    const object = value as JsonObject;
    const wrong = check?.(kind, id, object);
    return wrong === undefined ? { kind: 'loaded', value: object } : { kind: 'rejected', reason: wrong };
  };

/**
 * What the gateway serves, kept equal to the store by a reflector: routes and certificates indexed for matching,
 * and the defense's objects. Each revision is applied in one synchronous step, so no request sees half of one.
 */
export class GatewayPicture implements Picture {
  readonly router = new Router<Route>();
  readonly certificates = new SniTable();
  /** What else stands under the prefix. Routes that refer to any of it are refused; global rules concern them all. */
  readonly unread: UnreadKeys;
  private readonly parse: ParseKey;
  private readonly log: Log;
  private readonly shelves: ReadonlyMap<string, Shelf<unknown>>;
  private applied: Stamp | undefined;
  private objects: DefenseObjects | undefined;
  private refuses: string | undefined;
  /** The defense's directories that the step under way has changed. */
  private readonly touched = new Map<DefenseKind, Map<string, DefenseObject>>();

  /** @param sslKeyring what private keys may be encrypted with */
  constructor(parse: ParseKey, log: Log, defense: Defense | undefined, sslKeyring?: SslKeyring) {
    this.parse = parse;
    this.log = log;
    this.unread = new UnreadKeys(parse);
    const routes = new Shelf<Route>({
      read: readRoute,
      changed: (_id, before, now) => {
        if (before?.enabled) this.router.remove(before);
        if (now?.enabled) this.router.add(now);
      },
    });
    const ssls = new Shelf<Certificate>({
      read: (id, text) => readCertificate(id, text, sslKeyring),
      changed: (_id, before, now) => {
        if (before?.enabled) this.certificates.remove(before);
        if (now?.enabled) this.certificates.add(now);
      },
    });
    const check = defense?.check?.bind(defense);
    const watched = DEFENSE_KINDS.map((kind): [string, Shelf<unknown>] => [
      `cdn_defense/${kind}`,
      new Shelf<DefenseObject>({
        read: readDefenseObject(kind, check),
        changed: (id, _before, now) => this.keep(kind, id, now),
      }),
    ]);
    this.shelves = new Map<string, Shelf<unknown>>([['routes', routes], ['ssls', ssls], ...watched]);
  }

  /** The last step applied; `undefined` before the first listing. */
  get stamp(): Stamp | undefined {
    return this.applied;
  }

  /** @throws RangeError before the first listing */
  get defenseObjects(): DefenseObjects {
    if (!this.objects) throw new RangeError('nothing has been listed yet');
    return this.objects;
  }

  replace(kvs: readonly KeyValue[], stamp: Stamp): void {
    this.unread.clear();
    const listed = new Map(
      [...this.shelves.keys()].map((directory) => [directory, new Map<string, Listed>()]),
    );
    for (const { key, value, modRevision } of kvs) {
      const place = this.parse(key);
      const objects = place && listed.get(place.directory);
      if (place && objects) objects.set(place.id, { text: value, modRevision });
      else this.unread.add(key);
    }
    const sameStore = this.applied?.clusterId === stamp.clusterId;
    for (const [directory, shelf] of this.shelves)
      shelf.replace(listed.get(directory) ?? new Map(), sameStore);
    this.settle(stamp);
    for (const { directory, ...rejection } of this.rejections()) this.report(directory, rejection);
    const unread = this.unread.counts;
    this.log.info({ revision: stamp.revision, counts: this.counts(), unread }, 'configuration listed');
  }

  apply(events: readonly StoreEvent[], stamp: Stamp): void {
    for (const event of events) {
      const place = this.parse(event.key);
      const shelf = place && this.shelves.get(place.directory);
      if (!place || !shelf) {
        if (event.type === 'put') this.unread.add(event.key);
        else this.unread.delete(event.key);
        continue;
      }
      if (event.type === 'delete') shelf.delete(place.id);
      else shelf.put(place.id, event.value, event.modRevision);
      const rejection = shelf.rejection(place.id);
      if (rejection) this.report(place.directory, rejection);
    }
    this.settle(stamp);
  }

  /** What is in force at one place; for receipts. */
  state(directory: string, id: string): ObjectState {
    const shelf = this.shelves.get(directory);
    return { loaded: shelf?.get(id)?.modRevision, rejection: shelf?.rejection(id) };
  }

  /** How many objects each directory has in force. */
  counts(): Record<string, number> {
    return Object.fromEntries([...this.shelves].map(([directory, shelf]) => [directory, shelf.size]));
  }

  /** Why whatever is asked for is answered with 503, if so. */
  get refusal(): string | undefined {
    return this.refuses;
  }

  *rejections(): Iterable<Rejection & { readonly directory: string }> {
    for (const [directory, shelf] of this.shelves) {
      for (const rejection of shelf.rejections) yield { directory, ...rejection };
    }
  }

  *loaded(): Iterable<{ readonly directory: string; readonly id: string; readonly modRevision: Revision }> {
    for (const [directory, shelf] of this.shelves) {
      for (const [id, { modRevision }] of shelf.loaded) yield { directory, id, modRevision };
    }
  }

  /** Copies a directory at its first change in a step, so that a request keeps what it was given. */
  private keep(kind: DefenseKind, id: string, object: DefenseObject | undefined): void {
    const copy = this.touched.get(kind) ?? new Map(this.objects?.[kind]);
    this.touched.set(kind, copy);
    if (object) copy.set(id, object);
    else copy.delete(id);
  }

  private settle(stamp: Stamp): void {
    const now = (kind: DefenseKind) => this.touched.get(kind) ?? this.objects?.[kind] ?? new Map();
    this.objects = { stamp, tenants: now('tenants'), policies: now('policies'), keyring: now('keyring') };
    this.touched.clear();
    this.applied = { clusterId: stamp.clusterId, revision: stamp.revision };
    this.weigh(stamp);
  }

  /** APISIX runs the plugins of global rules before those of any route: an address list, for instance. */
  private weigh({ revision }: Stamp): void {
    const rules = this.unread.in(GLOBAL_RULES);
    const before = this.refuses;
    this.refuses = rules ? 'global rules are not served by the embedded gateway' : undefined;
    if (rules && before === undefined) {
      const keys = [...rules].slice(0, RULES_SHOWN);
      this.log.warn({ reason: this.refuses, keys, revision }, 'every request is refused');
    } else if (!rules && before !== undefined) {
      this.log.info({ revision }, 'the last global rule is gone; routes are served');
    }
  }

  private report(directory: string, { id, reason, live, modRevision }: Rejection): void {
    this.log.warn({ directory, id, reason, live, revision: modRevision }, 'object not served as written');
  }
}

interface Listed {
  readonly text: string;
  readonly modRevision: Revision;
}
