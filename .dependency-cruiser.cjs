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

/** The rooms of the gateway: what stands on nothing first, who answers last. */
const gatewayRooms = {
  stored: [],
  request: [],
  limits: [],
  upstream: ['stored', 'request'],
  defense: ['stored', 'limits'],
  picture: ['stored', 'request', 'upstream', 'defense'],
  front: ['request', 'upstream', 'defense', 'picture'],
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

const gatewayWalls = Object.entries(gatewayRooms).map(([room, allowed]) => ({
  name: `wall-gateway-${room}`,
  comment: `gateway/${room}/ may import ${allowed.join(', ') || 'none'} of gateway/`,
  severity: 'error',
  from: { path: `^src/gateway/${room}/`, pathNot: '\\.test\\.ts$' },
  to: { path: '^src/gateway/', pathNot: `^src/gateway/(${[room, ...allowed].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...walls,
    ...gatewayWalls,
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
