import { type Static, Type } from '@sinclair/typebox';

const Kid = Type.String({ description: 'The name of a master key: a hash, which tells nothing of it.' });

const RotationView = Type.Object(
  {
    state: Type.Union(
      (['idle', 'waiting', 'running', 'done', 'incomplete', 'interrupted', 'failed'] as const).map((state) =>
        Type.Literal(state),
      ),
      {
        description:
          '`waiting`: another node is at it. `incomplete`: some secrets can’t be opened. `interrupted`: ask again.',
      },
    ),
    kid: Type.Optional(Kid),
    resealed: Type.Integer({ description: 'Secrets put under that key by this run.' }),
    unreadable: Type.Integer({ description: 'Values that none of this node’s master keys opens.' }),
    unreadable_keys: Type.Array(Type.String(), { description: 'The first of them.' }),
    started_at: Type.Optional(Type.String()),
    ended_at: Type.Optional(Type.String()),
  },
  { title: 'Rotation' },
);

export const KeysStatus = Type.Object(
  {
    node_id: Type.String(),
    kid: Type.Union([Kid, Type.Null()], {
      description: 'What this node seals with; null without a master key.',
    }),
    nodes: Type.Array(
      Type.Object({
        node_id: Type.String(),
        master_keys: Type.Optional(
          Type.Array(Kid, { description: 'The one it seals with first; absent: it does not say.' }),
        ),
      }),
      { description: 'The live nodes.' },
    ),
    sealed: Type.Optional(
      Type.Array(Type.Object({ kid: Kid, count: Type.Integer() }), {
        description: 'With `count`: how many secrets are under which master key, history included.',
      }),
    ),
    rotation: RotationView,
  },
  { title: 'KeysStatus' },
);
export type KeysStatus = Static<typeof KeysStatus>;

export const KeysRotated = Type.Object(
  { message: Type.String(), rotation: RotationView },
  { title: 'KeysRotated' },
);
export type KeysRotated = Static<typeof KeysRotated>;
