import { Type } from '@sinclair/typebox';
import { StoreRewound, fresh } from './answer.ts';
import { CacheReport, DriftReport, ON_DRIFT } from './drift.ts';

export const DriftAnswer = fresh('DriftAnswer', {
  node_id: Type.String(),
  on_drift: Type.Unsafe<string>({
    type: 'string',
    enum: ON_DRIFT,
    description: 'What this node does when it looks on schedule.',
  }),
  interval_s: Type.Number(),
  report: Type.Union([DriftReport, Type.Null()], {
    description: 'The last comparison of the store with itself, whoever made it; null before the first.',
  }),
  report_unavailable: Type.Optional(
    Type.Literal(true, { description: 'The store, which keeps the report, does not answer.' }),
  ),
  comparison_age_s: Type.Integer({
    description:
      'Since any node has compared the store with itself, as far as this one has heard since its start. Far above the interval: nobody does.',
  }),
  cache: Type.Union([CacheReport, Type.Null()], {
    description: 'The last comparison of this node’s cache with the store; null before the first.',
  }),
  cache_differed: Type.Integer({
    description: 'How often since its start this node’s cache differed and was listed anew.',
  }),
  store_rewound: Type.Array(StoreRewound, {
    description: 'Each time since its start that this node found the store rewound, newest last.',
  }),
});
