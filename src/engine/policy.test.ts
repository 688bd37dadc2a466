import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../domain/policy.ts';
import { compilePolicy } from './policy.ts';

describe('the effective policy', () => {
  it('has the defaults that the control plane documents', () => {
    const { tenant, route, rate_limit, ...rest } = compilePolicy(undefined, undefined);
    expect({ ...rest, rate_limit: rate_limit.count }).toEqual(DEFAULT_POLICY);
    expect({ tenant, route, window_s: rate_limit.window_s, scope: rate_limit.scope }).toEqual({
      tenant: '',
      route: '',
      window_s: 60,
      scope: 'node',
    });
  });

  it('is defaults <- tenant <- route', () => {
    const policy = compilePolicy(
      {
        id: 't',
        threat_threshold: 80,
        rate_limit: 5,
        js_challenge: false,
        mode: 'observe',
        deny: ['10.0.0.0/8'],
      },
      {
        id: 'r',
        tenant: 't',
        threat_threshold: 60,
        rate_limit: { count: 7, window_s: 10, scope: 'fleet' },
        deny: [],
      },
    );
    expect(policy).toMatchObject({
      tenant: 't',
      route: 'r',
      enabled: true,
      threat_threshold: 60,
      rate_limit: { count: 7, window_s: 10, scope: 'fleet' },
      js_challenge: false,
      mode: 'observe',
      deny: [],
    });
  });

  it.each([
    [true, true, true],
    [false, true, false],
    [true, false, false],
  ])('enabled_defense %s and enabled %s make %s', (enabled_defense, enabled, expected) => {
    expect(compilePolicy({ enabled_defense }, { enabled }).enabled).toBe(expected);
  });

  it('takes a value of a wrong type as absent', () => {
    const broken = {
      threat_threshold: 'x',
      rate_limit: null,
      mode: 3,
      allow: 'all',
      deny: [7, 'nonsense', '1.2.3.4/40'],
      js_challenge: 'no',
    };
    const { tenant: _tenant, route: _route, ...policy } = compilePolicy(broken, broken);
    const { tenant: _t, route: _r, ...defaults } = compilePolicy(undefined, undefined);
    expect(policy).toEqual(defaults);
  });
});
