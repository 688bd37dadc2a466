/** The walls between the rooms of `src/`, as docs/architecture.md draws them. */
const rooms = {
  shared: [],
  contract: [],
  domain: ['contract'],
  engine: [],
  projection: ['domain', 'contract'],
  store: ['contract', 'domain'],
  reflector: ['store', 'domain', 'contract'],
  change: ['domain', 'projection', 'store', 'contract', 'reflector'],
  fleet: ['reflector', 'store', 'contract', 'domain'],
  events: ['store', 'domain', 'contract'],
  api: ['change', 'reflector', 'fleet', 'events', 'domain', 'contract'],
  gateway: ['engine', 'reflector', 'contract'],
  client: ['contract'],
};

/**
 * Rooms within rooms: what stands on nothing first, who answers last. A name with `.ts` is a file beside the rooms, `*.ts` is any
 * of these.
 */
const inner = {
  engine: {
    text: [],
    rules: ['text', 'host.ts', 'signal.ts'],
    inspect: ['text', 'rules', 'host.ts', 'signal.ts', 'request.ts', 'binding.ts'],
    challenge: [
      ...['text', 'host.ts', 'request.ts', 'binding.ts'],
      ...['client.ts', 'policy.ts', 'rate.ts', 'verdict.ts'],
    ],
  },
  gateway: {
    stored: [],
    request: [],
    limits: [],
    upstream: ['stored', 'request'],
    defense: ['stored', 'limits'],
    picture: ['stored', 'request', 'upstream', 'defense'],
    front: ['request', 'upstream', 'defense', 'picture'],
  },
  change: {
    history: ['context.ts', 'not-reached.ts', 'store-refusal.ts'],
    keys: ['history', 'context.ts', 'projected-note.ts', 'store-refusal.ts', 'submit.ts'],
    tokens: ['history', 'caller.ts', 'context.ts', 'store-refusal.ts', 'submit.ts'],
    drift: ['history', 'keys', '*.ts'],
  },
};

/** What a reflector feeds speaks of the store's keys and events, and can do nothing to it. */
const STORE_TYPES = '^src/store/port\\.ts$';

const walls = Object.entries(rooms).map(([room, allowed]) => ({
  name: `wall-${room}`,
  comment: `${room}/ may import ${['shared', ...allowed].join(', ')} only`,
  severity: 'error',
  from: { path: `^src/${room}/`, pathNot: '\\.test\\.ts$' },
  to: {
    path: '^src/',
    pathNot: [
      `^src/(${[room, 'shared', ...allowed].join('|')})/`,
      ...(room === 'gateway' ? [STORE_TYPES] : []),
    ],
  },
}));

const within = (room, name) =>
  name.endsWith('.ts')
    ? `^src/${room}/${name.replace('.', '\\.').replace('*', '[^/]+')}$`
    : `^src/${room}/${name}/`;

const innerWalls = Object.entries(inner).flatMap(([room, rooms]) =>
  Object.entries(rooms).map(([name, allowed]) => ({
    name: `wall-${room}-${name}`,
    comment: `${room}/${name}/ may import ${allowed.join(', ') || 'nothing'} of ${room}/`,
    severity: 'error',
    from: { path: within(room, name), pathNot: '\\.test\\.ts$' },
    to: { path: `^src/${room}/`, pathNot: [name, ...allowed].map((each) => within(room, each)) },
  })),
);

module.exports = {
  forbidden: [
    ...walls,
    ...innerWalls,
    {
      name: 'wall-change-use-cases',
      comment: 'use-cases of change/ may not import what is done beside them: drift/, tokens/',
      severity: 'error',
      from: { path: '^src/change/[^/]+$', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/change/(drift|tokens)/' },
    },
    {
      name: 'wall-gateway-store',
      comment: 'gateway/ may import types of store/port.ts only',
      severity: 'error',
      from: { path: '^src/gateway/', pathNot: '\\.test\\.ts$' },
      to: { path: STORE_TYPES, dependencyTypesNot: ['type-only'] },
    },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'pure-rooms',
      comment: 'contract, domain, engine and projection run anywhere: no node: modules',
      severity: 'error',
      from: { path: '^src/(contract|domain|engine|projection)/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'etcd-stays-in-store',
      comment: 'only store/ knows how etcd and lmdb speak',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/store/' },
      to: { path: '(@grpc|lmdb)' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    includeOnly: '^(src|node_modules|test|bench)|^node:',
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      conditionNames: ['import', 'node', 'types'],
    },
  },
};
