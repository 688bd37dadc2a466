/** What surrounds the endpoints: health, metrics, description, methods, the gate. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ENDPOINTS } from '../../src/api/api.ts';
import { Problem } from '../../src/contract/answer.ts';
import { ERRORS } from '../../src/contract/errors.ts';
import { compile } from '../../src/contract/validator.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import { type Fleet, TENANT, startFleet } from '../support/control-plane.ts';
import type { OpenApiOperation } from '../support/http-call.ts';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet();
});

afterAll(() => fleet.dispose());

test('/livez, /readyz and /metrics answer', async () => {
  expect(await fleet.call('GET', '/livez')).toMatchObject({ status: 200, body: { status: 'ok' } });
  expect(await fleet.call('GET', '/readyz')).toMatchObject({
    status: 200,
    body: { status: 'ready', etcd_connected: true },
  });
  await fleet.call('GET', '/nothing');
  const { status, headers, text } = await fleet.call('GET', '/metrics');
  expect({ status, type: headers['content-type'] }).toMatchObject({
    status: 200,
    type: expect.stringMatching(/^text\/plain/) as string,
  });
  expect(text).toMatch(/^lockstep_store_live\{[^}]*\} 1$/m);
  expect(text).toMatch(/^lockstep_live_nodes\{[^}]*\} 1$/m);
  expect(text).toMatch(/^lockstep_refusals_total\{[^}]*code="not_found"[^}]*\} 1$/m);
  expect(text).toMatch(/^lockstep_http_request_duration_seconds_count\{[^}]*route="\/livez"[^}]*\} 1$/m);
});

test('every answer names its request and its node, and is not to be cached', async () => {
  for (const path of ['/livez', '/sync-status', '/nothing', '/openapi.json']) {
    const { headers } = await fleet.call('GET', path);
    expect(headers).toMatchObject({
      'x-lockstep-node': 'node-1',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  }
});

test.each([
  ['PUT', '/global-config/tenant', 'GET, HEAD, POST, PATCH, DELETE'],
  ['POST', '/global-routes/x', 'GET, HEAD, PUT, DELETE'],
  ['GET', '/sync/refresh', 'POST'],
  ['OPTIONS', '/global-routes', 'GET, HEAD, POST'],
])('%s %s answers 405 with what the address takes', async (method, path, allow) => {
  const reply = await fleet.call(method, path, { tenant: TENANT });
  expect(reply).toMatchObject({ status: 405, headers: { allow }, body: { code: 'method_not_allowed' } });
});

test('HEAD answers as GET does, without a body', async () => {
  const reply = await fleet.call('HEAD', '/global-routes', { tenant: TENANT });
  expect(reply).toMatchObject({ status: 200, text: '' });
});

test('/docs leads to pages a browser can show, all of them ours', async () => {
  const page = await fleet.call('GET', '/docs/');
  const found =
    page.status === 200
      ? page
      : await fleet.call('GET', String((await fleet.call('GET', '/docs')).headers['location']));
  expect(found.status).toBe(200);
  expect(found.headers['content-type']).toMatch(/^text\/html/);
  expect(found.headers['content-security-policy']).toMatch(/default-src 'self'/);
});

describe('/openapi.json', () => {
  const operations = async (): Promise<Map<string, OpenApiOperation>> => {
    const { body } = await fleet.call('GET', '/openapi.json');
    return new Map(
      Object.entries(body.paths).flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation]),
      ),
    );
  };
  const documented = (url: string): string => url.replace(/:(\w+)/g, '{$1}');

  test('is OpenAPI 3.1 and lists exactly the endpoints there are', async () => {
    const { body } = await fleet.call('GET', '/openapi.json');
    expect(body).toMatchObject({ openapi: '3.1.0', info: { title: 'Lockstep Defense API' } });
    const listed = [...(await operations()).keys()].sort();
    expect(listed).toEqual(ENDPOINTS.map(({ method, url }) => `${method} ${documented(url)}`).sort());
  });

  test('is written out once, however often anybody asks', async () => {
    const stringify = vi.spyOn(JSON, 'stringify');
    const asked = Array.from({ length: 20 }, (_, n) =>
      fleet.call('GET', n % 2 ? '/docs/json' : '/openapi.json'),
    );
    const texts = new Set((await Promise.all(asked)).map(({ text }) => text));
    const written = stringify.mock.results.filter(({ value }) => texts.has(value as string));
    stringify.mockRestore();
    expect(texts.size).toBe(1);
    expect(written.length).toBeLessThanOrEqual(1);
  });

  test.each(ENDPOINTS.map((endpoint) => [`${endpoint.method} ${endpoint.url}`, endpoint] as const))(
    '%s has all of its parts',
    async (_, { method, url, access, writes, many = false, schemas, summary }) => {
      const operation = (await operations()).get(`${method} ${documented(url)}`) as OpenApiOperation;
      expect(operation.summary).toBe(summary);
      const names = (part: string) =>
        operation.parameters?.filter((each) => each.in === part).map(({ name }) => name) ?? [];
      const inPath = [...url.matchAll(/:(\w+)/g)].map((match) => match[1]);
      expect(names('path')).toEqual(inPath);
      expect(names('query').sort()).toEqual(
        Object.keys((schemas.query?.['properties'] as object | undefined) ?? {}).sort(),
      );
      expect(names('header').includes('x-tenant-id')).toBe(access !== 'public');
      expect(names('header').includes('idempotency-key')).toBe(writes);
      expect(operation.requestBody !== undefined).toBe(schemas.body !== undefined);
      const isTagged = method === 'GET' && schemas.response[200]?.['type'] !== 'string';
      const statuses = new Set([
        ...Object.keys(schemas.response),
        ...(writes ? ['200'] : []),
        ...(isTagged ? ['304'] : []),
        'default',
      ]);
      expect(Object.keys(operation.responses).sort()).toEqual([...statuses].sort());
      expect(names('header').includes('if-none-match')).toBe((writes && !many) || isTagged);
      expect(names('header').includes('if-match')).toBe(writes && !many);
      for (const status of isTagged ? ['200', '304'] : []) {
        expect(operation.responses[status]).toMatchObject({
          headers: { ETag: { schema: { type: 'string' } } },
        });
      }
      for (const response of Object.values(operation.responses)) {
        expect(response).toMatchObject({ description: expect.stringMatching(/^[A-Z].*[.]$/) as string });
        expect(response).not.toMatchObject({ description: 'Default Response' });
      }
      expect(operation.responses['default']?.content).toEqual({
        'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
      });
    },
  );

  test('has an operationId for every operation, each once, that does not change', async () => {
    const ids = [...(await operations()).entries()].map(
      ([name, operation]) =>
        [name, (operation as OpenApiOperation & { operationId: string }).operationId] as const,
    );
    expect(new Set(ids.map(([, id]) => id)).size).toBe(ENDPOINTS.length);
    for (const [, id] of ids) expect(id).toMatch(/^[a-z][a-zA-Z0-9]*$/);
    expect(Object.fromEntries(ids)).toMatchObject({
      'GET /global-config/tenant': 'getGlobalConfigTenant',
      'PUT /global-routes/{id}': 'putGlobalRoutesById',
      'POST /defense-plugin/update-all': 'postDefensePluginUpdateAll',
      'GET /history/{kind}/{id}': 'getHistoryByKindById',
      'GET /livez': 'getLivez',
    });
  });

  test('names its schemas, and says all of a problem and of an effective policy', async () => {
    const { body } = await fleet.call('GET', '/openapi.json');
    const { schemas } = body['components'] as { schemas: Record<string, { properties: object }> };
    expect(Object.keys(schemas)).toEqual(
      expect.arrayContaining([
        'TenantAnswer',
        'TenantConfig',
        'Route',
        'RouteChanged',
        'Certificate',
        'SyncStatus',
      ]),
    );
    expect(schemas['Problem']).toMatchObject({
      required: ['type', 'title', 'status', 'code', 'detail', 'in', 'pointer', 'request_id'],
      properties: { code: { type: 'string', enum: Object.keys(ERRORS) } },
      additionalProperties: true,
    });
    expect(schemas['TenantAnswer']).toMatchObject({
      properties: { effective: { $ref: '#/components/schemas/EffectivePolicy' } },
    });
    expect(Object.keys(schemas['EffectivePolicy']?.properties ?? {}).sort()).toEqual(
      Object.keys(DEFAULT_POLICY).sort(),
    );
  });

  test('describes what is really answered', async () => {
    await fleet.call('POST', '/global-config/tenant', {
      tenant: TENANT,
      body: { config: { mode: 'observe' } },
    });
    for (const { method, url, access, schemas } of ENDPOINTS) {
      const schema = schemas.response[200];
      if (method !== 'GET' || url.includes(':') || schema?.['type'] !== 'object') continue;
      const { status, body } = await fleet.call('GET', url, access === 'tenant' ? { tenant: TENANT } : {});
      const validate = compile(schema);
      expect({ url, status, valid: validate(body), errors: validate.errors }).toMatchObject({
        status: 200,
        valid: true,
      });
    }
    const refused = await fleet.call('GET', '/global-routes/none', { tenant: TENANT });
    expect(compile(Problem)(refused.body)).toBe(true);
  });

  test('holds no reference that leads nowhere', async () => {
    const { text, body } = await fleet.call('GET', '/openapi.json');
    for (const [, pointer = ''] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const found = pointer
        .split('/')
        .reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], body);
      expect(found, pointer).toBeDefined();
    }
  });
});

describe('the gate', () => {
  test('with a root token everything but health, description and docs needs it', async () => {
    const closed = await startFleet({ gate: { mode: 'on', rootToken: 'open-sesame' } });
    for (const [i, { method, url, access }] of ENDPOINTS.entries()) {
      const path = url.replace(':kind', 'routes').replace(/:\w+/g, 'x');
      // One address with so many wrong tokens would be told to wait.
      const from = `127.0.2.${i + 1}`;
      for (const headers of [
        {},
        { authorization: 'Bearer wrong' },
        { 'x-api-key': 'wrong' },
        { authorization: 'open-sesame' },
      ]) {
        const reply = await closed.call(method, path, { tenant: TENANT, headers, from });
        if (access === 'public') expect(reply.status).toBe(200);
        else
          expect(reply).toMatchObject({
            status: 401,
            body: { code: 'unauthenticated' },
            headers: { 'www-authenticate': 'Bearer' },
          });
      }
    }
    for (const headers of [{ authorization: 'Bearer open-sesame' }, { 'x-api-key': 'open-sesame' }]) {
      expect((await closed.call('GET', '/sync-status', { headers })).status).toBe(200);
    }
    const body = { config: {} };
    await closed.call('POST', '/global-config/tenant', {
      tenant: TENANT,
      headers: { 'x-api-key': 'open-sesame' },
      body,
    });
    const read = await closed.call('GET', '/global-config/tenant', {
      tenant: TENANT,
      headers: { 'x-api-key': 'open-sesame' },
    });
    expect(read.body).toMatchObject({ updated_by: 'root' });
    await closed.dispose();
  });
});
