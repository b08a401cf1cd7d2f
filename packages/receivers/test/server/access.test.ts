/** Who may push for whom. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rowsOfFrames } from '../support/pushed-rows.ts';
import { startReceivers, type TestReceivers } from '../support/start-receivers.ts';

const body = JSON.stringify({ streams: [{ stream: { a: 'b' }, values: [['1', 'x']] }] });

async function post(
  { url }: TestReceivers,
  headers: Record<string, string>,
  path = '/loki/api/v1/push',
): Promise<Response> {
  const type = { 'content-type': 'application/json' };
  return fetch(`${url}${path}`, { method: 'POST', headers: { ...type, ...headers }, body });
}

async function tenantOf(served: TestReceivers, headers: Record<string, string>): Promise<unknown> {
  served.publisher.published.length = 0;
  const answer = await post(served, headers);
  if (answer.status !== 204) return answer.status;
  const [row] = await rowsOfFrames(served.publisher.published);
  return row?.['tenant'];
}

const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('with tokens', () => {
  let served: TestReceivers;
  beforeAll(async () => {
    served = await startReceivers({
      tokens: [
        { name: 'shop', token: 'token-of-the-shop-1', tenant: 'shop', tenants: ['books'] },
        { name: 'own', token: 'token:with:colons-1' },
      ],
    });
  });
  afterAll(async () => served[Symbol.asyncDispose]());

  test.each([
    ['shop', bearer('token-of-the-shop-1')],
    ['shop', { authorization: 'bearer   token-of-the-shop-1 ' }],
    ['shop', basic('anybody', 'token-of-the-shop-1')],
    ['shop', basic('', 'token-of-the-shop-1')],
    ['default', basic('x', 'token:with:colons-1')],
    ['shop', { ...bearer('token-of-the-shop-1'), 'x-scope-orgid': 'shop' }],
    ['books', { ...bearer('token-of-the-shop-1'), 'x-scope-orgid': 'books' }],
  ])('tenant %s', async (tenant, headers) => {
    expect(await tenantOf(served, headers)).toBe(tenant);
  });

  test.each<[string, Record<string, string>]>([
    ['none', {}],
    ['a wrong one', bearer('token-of-the-shop-2')],
    ['the name in place of the token', bearer('shop')],
    ['the token as user', basic('token-of-the-shop-1', '')],
    ['no colon', { authorization: `Basic ${Buffer.from('token').toString('base64')}` }],
    ['another scheme', { authorization: 'Digest token-of-the-shop-1' }],
    ['nothing behind the scheme', { authorization: 'Bearer ' }],
  ])('401 for %s', async (_name, headers) => {
    const answer = await post(served, headers);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer, Basic realm="plimsoll"');
    expect(await answer.text()).not.toContain('token-of-the-shop');
  });

  test('403 for a tenant that the token does not allow', async () => {
    const answer = await post(served, {
      ...bearer('token-of-the-shop-1'),
      'x-scope-orgid': 'bank',
    });
    expect([answer.status, await answer.text()]).toEqual([
      403,
      'X-Scope-OrgID: expected shop or books with the token shop, got "bank"; leave the header out or allow that tenant\n',
    ]);
  });

  test('OTLP is told as its Status', async () => {
    const answer = await post(served, {}, '/v1/logs');
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({
      code: 16,
      message: expect.stringContaining('Bearer') as string,
    });
  });
});

describe('without tokens', () => {
  let served: TestReceivers;
  beforeAll(async () => {
    served = await startReceivers();
  });
  afterAll(async () => served[Symbol.asyncDispose]());

  test('all is of the process’s own tenant, whatever credentials come', async () => {
    expect(await tenantOf(served, {})).toBe('default');
    expect(await tenantOf(served, basic('a', 'b'))).toBe('default');
    expect(await tenantOf(served, { 'x-scope-orgid': 'default' })).toBe('default');
    expect(await tenantOf(served, { 'x-scope-orgid': 'other' })).toBe(403);
  });

  test('a page of another site is refused', async () => {
    expect(await tenantOf(served, { 'sec-fetch-site': 'cross-site' })).toBe(403);
  });

  test('a name that is not loopback is refused', async () => {
    const { request } = await import('node:http');
    const status = await new Promise((resolve) => {
      const outgoing = request(
        `${served.url}/loki/api/v1/push`,
        {
          method: 'POST',
          headers: { host: 'rebound.example', 'content-type': 'application/json' },
        },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        },
      );
      outgoing.end(body);
    });
    expect(status).toBe(403);
  });

  test('other paths and methods', async () => {
    expect((await fetch(`${served.url}/api/v1/query`)).status).toBe(404);
    expect((await fetch(`${served.url}/loki/api/v1/push`)).status).toBe(405);
    expect(await (await fetch(`${served.url}/healthz`)).text()).toBe('ok\n');
    expect(await (await fetch(`${served.url}/ready`)).text()).toBe('ready\n');
  });

  test('every path takes a push', async () => {
    for (const path of ['/loki/api/v1/push', '/loki/api/v1/push/', '/api/prom/push']) {
      expect((await post(served, {}, path)).status, path).toBe(204);
    }
    for (const path of ['/v1/logs', '/otlp/v1/logs', '/v1/metrics', '/otlp/v1/metrics']) {
      const answer = await fetch(`${served.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      });
      expect([path, answer.status, await answer.text()]).toEqual([path, 200, '{}']);
    }
    for (const path of ['/api/v1/write', '/api/v1/push']) {
      const answer = await fetch(`${served.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-protobuf' },
        body: Uint8Array.of(0),
      });
      expect([path, answer.status]).toEqual([path, 204]);
    }
  });
});
