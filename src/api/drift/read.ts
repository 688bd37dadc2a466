import { readDriftReport } from '../../change/drift/drift-report.ts';
import { DriftAnswer } from '../../contract/drift-answer.ts';
import { endpoint } from '../endpoint.ts';
import { freshness, rewindsOf } from '../reading.ts';

export const getDrift = endpoint({
  method: 'GET',
  url: '/drift',
  access: 'operator',
  tag: 'sync',
  summary:
    'What was found in the store that is not as Lockstep left it, and whether this node’s cache agrees with it',
  schemas: { response: { 200: DriftAnswer } },
  handle: async ({ node }) => {
    const report = await readDriftReport(node.changes);
    const { interval_ms, onDrift } = node.drift.settings;
    return {
      status: 200,
      body: {
        node_id: node.nodeId,
        on_drift: onDrift,
        interval_s: interval_ms / 1_000,
        ...(report === 'unavailable'
          ? { report: null, report_unavailable: true }
          : { report: report ?? null }),
        comparison_age_s: node.comparisons.age_s,
        cache: node.cacheCheck.report() ?? null,
        cache_differed: node.cacheCheck.differing,
        store_rewound: rewindsOf(node),
        ...freshness(node),
      },
    };
  },
});
