import { Type } from '@sinclair/typebox';
import { countSealed } from '../../change/keys/reseal.ts';
import { type RotationStatus, readMasterKeys } from '../../change/keys/rotation.ts';
import { storeRefusal } from '../../change/store-refusal.ts';
import { Refusal } from '../../contract/errors.ts';
import { KeysRotated, KeysStatus } from '../../contract/keys.ts';
import { message } from '../../contract/message.ts';
import { endpoint } from '../endpoint.ts';
import { authorOf } from '../writing.ts';

const NONE: RotationStatus = { state: 'idle', resealed: 0, unreadable: 0, unreadable_keys: [] };

const viewOf = ({ unreadable_keys, ...status }: RotationStatus) => ({
  ...status,
  unreadable_keys: [...unreadable_keys],
});

export const getKeys = endpoint({
  method: 'GET',
  url: '/keys',
  access: 'operator',
  tag: 'operations',
  summary: 'Which node has which master keys, what is sealed with which, and how far a rotation has got',
  schemas: {
    query: Type.Object(
      {
        count: Type.Optional(
          Type.Boolean({ description: 'Read everything that is sealed, and count it by master key.' }),
        ),
      },
      { additionalProperties: false },
    ),
    response: { 200: KeysStatus },
  },
  handle: async ({ node, query }) => {
    const { changes, rotation } = node;
    const nodes = await readMasterKeys(changes);
    const body: KeysStatus = {
      node_id: node.nodeId,
      kid: changes.sealer?.kid ?? null,
      nodes: nodes.map(({ node_id, master_keys }) => ({
        node_id,
        ...(master_keys ? { master_keys: [...master_keys] } : {}),
      })),
      ...(query.count ? { sealed: await countsIn(changes) } : {}),
      rotation: viewOf(rotation?.status() ?? NONE),
    };
    return { status: 200, body };
  },
});

const countsIn = async (
  room: Parameters<typeof countSealed>[0],
): Promise<{ kid: string; count: number }[]> => {
  const counts = await countSealed(room).catch((error: unknown) => {
    throw storeRefusal(error);
  });
  return [...counts].map(([kid, count]) => ({ kid, count }));
};

export const postRotate = endpoint({
  method: 'POST',
  url: '/keys/rotate',
  access: 'operator',
  reasoned: true,
  tag: 'operations',
  summary:
    'Seal everything anew with the master key that every node seals with now; `GET /keys` says how far it is',
  schemas: { response: { 202: KeysRotated } },
  handle: async (call) => {
    const { rotation } = call.node;
    if (!rotation) throw new Refusal('master_key_missing');
    const status = await rotation.start(authorOf(call));
    const text = message('keys_rotating', call.language, status.kid);
    return { status: 202, body: { message: text, rotation: viewOf(status) } };
  },
});
