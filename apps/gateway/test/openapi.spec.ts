import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ROUTES } from '#contracts';
import { openApiDocument } from '../src/openapi/openapi-document.js';
import { GatewayFixture } from './gateway.fixture.js';

const TEXT: Record<string, string> = { public: 'Needs no token', 'signed-in': 'Needs a valid token' };

const operations = () =>
  Object.entries(openApiDocument().paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  );

describe('the OpenAPI document', () => {
  it('AUT-6: every operation names its right, and every route of the table is there', () => {
    const documented = new Map(
      operations().map(({ path, method, operation }) => [`${method.toUpperCase()} ${path}`, operation]),
    );
    for (const route of ROUTES.filter(({ access }) => access !== 'gateway')) {
      const operation = documented.get(`${route.method} /api/v1${route.path.replace(/:(\w+)/g, '{$1}')}`);
      expect(operation?.['x-right']).toBe(route.access);
      expect(operation?.description).toContain(TEXT[route.access] ?? route.access);
    }
    for (const { operation } of operations()) expect(operation['x-right']).toBeTruthy();
    expect(JSON.stringify(openApiDocument())).not.toContain('/internal/access');
  });

  it('operation ids are unique and every reference leads somewhere', () => {
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const document = openApiDocument();
    for (const [, pointer] of JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const target = pointer!
        .split('/')
        .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document);
      expect([pointer, typeof target]).toEqual([pointer, 'object']);
    }
  });

  it('lists document their filters, ranges, sorts and paging', () => {
    const list = openApiDocument().paths['/api/v1/opportunities']!['get']!;
    const names = (list['parameters'] as { name: string }[]).map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        'status',
        'createdAt[gte]',
        'expectedAmount[lt]',
        'q',
        'sort',
        'limit',
        'cursor',
        'count',
      ]),
    );
    const update = openApiDocument().paths['/api/v1/opportunities/{id}']!['patch']!;
    expect((update['parameters'] as { name: string }[]).map(({ name }) => name)).toEqual([
      'id',
      'Idempotency-Key',
      'If-Match',
    ]);
    expect(Object.keys(update['responses'] as object)).toEqual(
      expect.arrayContaining(['200', '400', '401', '403', '404', '409', '412', '413', '415', '422', '429', '503']),
    );
  });

  describe('at the gateway', () => {
    let gateway: GatewayFixture;
    beforeAll(async () => {
      gateway = await GatewayFixture.start();
    });
    afterAll(() => gateway.stop());

    it('is served to anybody, with Swagger UI that works over plain http', async () => {
      expect(await (await gateway.call('/openapi.json')).json()).toEqual(JSON.parse(JSON.stringify(openApiDocument())));
      const page = await gateway.call('/');
      expect(page.url).toBe(`${gateway.url}/docs`);
      const html = await page.text();
      expect(page.status).toBe(200);
      expect(page.headers.get('content-security-policy')).not.toContain('upgrade-insecure-requests');
      expect(html).not.toMatch(/<script>|https?:\/\/(?!www\.w3\.org)/);
      const assets = [...html.matchAll(/(?:src|href)="(\.\/docs\/[^"]+)"/g)].map(([, asset]) => asset!.slice(1));
      expect(assets.length).toBeGreaterThan(3);
      for (const asset of assets) {
        const answer = await gateway.call(asset);
        expect([asset, answer.status, (await answer.text()).length > 0]).toEqual([asset, 200, true]);
      }
    });
  });
});
