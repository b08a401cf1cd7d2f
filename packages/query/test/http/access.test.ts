import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Metrics } from '@plimsoll/runtime';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFixture, type Fixture } from '../support/fixture.ts';

const token = 'a-token-of-some-length';
let fixture: Fixture;
let webRoot: string;

beforeAll(async () => {
  fixture = await openFixture();
  webRoot = await mkdtemp(join(tmpdir(), 'plimsoll-web-'));
  await mkdir(join(webRoot, 'assets'));
  await writeFile(join(webRoot, 'index.html'), '<title>built</title><script>start()</script>');
  await writeFile(join(webRoot, 'plimsoll.svg'), '<svg/>');
  await writeFile(join(webRoot, 'assets', 'main-abc123.js'), 'run()');
  await writeFile(join(webRoot, 'assets', 'main-abc123.js.gz'), gzipSync('run()'));
  await writeFile(join(webRoot, '.secret.txt'), 'secret');
});

afterAll(async () => {
  await fixture.close();
  await rm(webRoot, { recursive: true });
});

const api = '/api/plimsoll/v1/fleet/tanks';

describe('the token', () => {
  let app: FastifyInstance;
  beforeAll(async () => {
    app = await fixture.serve({ config: { http: { token } }, webRoot });
  });

  it.each([
    ['none', {}, 401],
    ['a wrong one', { authorization: 'Bearer wrong-token-of-length' }, 401],
    ['a prefix of it', { authorization: `Bearer ${token.slice(0, -1)}` }, 401],
    ['more than it', { authorization: `Bearer ${token}x` }, 401],
    ['another scheme', { authorization: `Basic ${token}` }, 401],
    ['the token', { authorization: `Bearer ${token}` }, 200],
    ['the token with a scheme in small letters', { authorization: `bearer ${token}` }, 200],
  ])('%s', async (_name, headers, status) => {
    const response = await app.inject({ url: api, headers });
    expect(response.statusCode).toBe(status);
    if (status !== 401) return;
    expect(response.json()).toMatchObject({ error: { code: 'unauthorized' } });
    expect(response.headers['www-authenticate']).toBe('Bearer');
    expect(response.body).not.toContain(token);
  });

  it('guards every route of the API and none of the page', async () => {
    const document = await app.inject({
      url: '/api/plimsoll/v1/openapi.json',
      headers: { authorization: `Bearer ${token}` },
    });
    const { paths } = document.json<{ paths: Record<string, Record<string, unknown>> }>();
    for (const [path, methods] of Object.entries(paths)) {
      for (const method of Object.keys(methods)) {
        const url = path.replaceAll(/\{\w+\}/g, 'x');
        const response = await app.inject({ method: method === 'post' ? 'POST' : 'GET', url });
        expect([url, response.statusCode]).toEqual([url, 401]);
      }
    }
    expect((await app.inject({ url: '/' })).statusCode).toBe(200);
  });
});

describe('names and origins', () => {
  it.each([
    ['localhost', 200],
    ['localhost:4270', 200],
    ['127.0.0.1:4270', 200],
    ['127.3.2.1', 200],
    ['[::1]:4270', 200],
    ['evil.example', 403],
    ['localhost.evil.example', 403],
    ['127.0.0.1.evil.example', 403],
    ['evil.example:4270', 403],
    ['localhost@evil.example', 403],
    ['10.0.0.1', 403],
  ])('a loopback listener answers the name %s with %i', async (host, status) => {
    const app = await fixture.serve({ webRoot });
    expect((await app.inject({ url: api, headers: { host } })).statusCode).toBe(status);
    expect((await app.inject({ url: '/', headers: { host } })).statusCode).toBe(status);
  });

  it('any other listener answers any name, with the token', async () => {
    const app = await fixture.serve({ config: { http: { host: '0.0.0.0', token } } });
    const headers = { host: 'plimsoll.example', authorization: `Bearer ${token}` };
    expect((await app.inject({ url: api, headers })).statusCode).toBe(200);
  });

  it('scripts of other sites are refused, links from them are not', async () => {
    const app = await fixture.serve();
    const script = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' };
    const refused = await app.inject({ url: api, headers: script });
    expect(refused.json()).toMatchObject({ error: { code: 'forbidden_origin' } });
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect((await app.inject({ url: api, headers: link })).statusCode).toBe(200);
    expect(refused.headers['access-control-allow-origin']).toBeUndefined();
  });
});

describe('the page’s files', () => {
  let app: FastifyInstance;
  beforeAll(async () => {
    app = await fixture.serve({ webRoot });
  });

  it('gives any view the page, never from a cache, with its policy', async () => {
    for (const url of ['/', '/index.html', '/containers/abc', '/logs?q=x']) {
      const response = await app.inject({ url });
      expect(response.body).toContain('<title>built');
      expect(response.headers).toMatchObject({
        'cache-control': 'no-cache',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      });
      const policy = String(response.headers['content-security-policy']);
      expect(policy).toContain("frame-ancestors 'none'");
      // The digest of start()
      expect(policy).toMatch(/script-src 'self' 'sha256-[A-Za-z0-9+/]{43}='/);
    }
  });

  it('lets hashed assets be kept for ever, and sends the compressed copy', async () => {
    const plain = await app.inject({ url: '/assets/main-abc123.js' });
    expect(plain.body).toBe('run()');
    expect(plain.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    const packed = await app.inject({
      url: '/assets/main-abc123.js',
      headers: { 'accept-encoding': 'gzip' },
    });
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect((await app.inject({ url: '/plimsoll.svg' })).headers['cache-control']).toBe('no-cache');
  });

  it.each([
    ['/assets/gone.js', 404],
    ['/../../etc/passwd.txt', 404],
    ['/..%2f..%2fetc%2fpasswd.txt', 404],
    ['/.secret.txt', 404],
    ['/api/other', 404],
    ['/api/plimsoll/v1/nothing', 404],
  ])('%s → %i as JSON', async (url, status) => {
    const response = await app.inject({ url });
    expect(response.statusCode).toBe(status);
    expect(response.body).not.toContain('secret');
    expect(response.json()).toMatchObject({ error: { code: 'not_found' } });
  });

  it('says so when the page was never built', async () => {
    const response = await (await fixture.serve()).inject({ url: '/' });
    expect(response.statusCode).toBe(503);
    expect(response.body).toContain('npm run build');
  });
});

describe('bad requests', () => {
  it.each([
    ['hosts/x/series?form=1', 'unknown_parameter', 'did you mean from?'],
    ['logs?contaner=x', 'unknown_parameter', 'did you mean container?'],
    ['logs?constructor=x', 'unknown_parameter', 'unknown parameter "constructor"'],
    ['logs?__proto__=x', 'unknown_parameter', 'unknown parameter "__proto__"'],
    ['fleet?x=1', 'unknown_parameter', 'takes none'],
    ['logs?limit=0', 'invalid_parameter', 'limit: expected a whole number from 1 to 2000, got "0"'],
    ['logs?limit=1e3', 'invalid_parameter', 'limit: expected a whole number'],
    ['logs?limit=5&limit=6', 'invalid_parameter', 'limit: expected one value, got 2'],
    ['logs?from=yesterday', 'invalid_parameter', 'from: expected milliseconds since 1970'],
    ['logs?from=now&to=now-1h', 'invalid_parameter', 'from: expected a time before to'],
    ['logs?severity=loud', 'invalid_parameter', 'severity'],
    ['logs?cursor=abc', 'invalid_parameter', 'cursor: expected a value that this route handed out'],
    ['containers?cursor=W10&sort=name', 'invalid_parameter', 'cursor'],
    [`logs?${'host=a&'.repeat(201)}`, 'invalid_parameter', 'at most 200 values'],
    [
      `logs?q=${'a%20b%20'.repeat(20).replaceAll(/[ab]/g, () => Math.random().toString(36))}`,
      'invalid_parameter',
      'words',
    ],
    [`logs?q=${'x'.repeat(1025)}`, 'invalid_parameter', 'q:'],
    ['containers/%FF/series', 'invalid_parameter', ''],
  ])('%s → %s', async (url, code, message) => {
    const app = await fixture.serve();
    const response = await app.inject({ url: `/api/plimsoll/v1/${url}` });
    expect(response.statusCode).toBe(400);
    const body = response.json<{ error: { code: string; message: string } }>();
    expect(body.error.code).toBe(code);
    expect(body.error.message).toContain(message);
  });

  it.each([
    ['{', 'application/json', 400, 'invalid_body'],
    ['', 'application/json', 400, 'invalid_body'],
    ['[]', 'application/json', 400, 'invalid_body'],
    ['{"query":1}', 'application/json', 400, 'invalid_body'],
    ['{"query":"SELECT 1","max_row":1}', 'application/json', 400, 'invalid_body'],
    ['{"query":"SELECT 1"}', 'text/plain', 415, 'unsupported_media_type'],
    ['query=SELECT', 'application/x-www-form-urlencoded', 415, 'unsupported_media_type'],
    [JSON.stringify({ query: 'x'.repeat(300_000) }), 'application/json', 413, 'body_too_large'],
  ])('the body %#', async (...[payload, type, status, code]) => {
    const app = await fixture.serve();
    const response = await app.inject({
      method: 'POST',
      url: '/api/plimsoll/v1/sql',
      headers: { 'content-type': type },
      payload,
    });
    expect(response.statusCode).toBe(status);
    expect(response.json()).toMatchObject({ error: { code } });
  });
});

describe('what is told of it', () => {
  it('counts requests by route and status, never by path', async () => {
    const metrics = new Metrics();
    const app = await fixture.serve({ metrics });
    await app.inject({ url: '/api/plimsoll/v1/containers/abc' });
    await app.inject({ url: '/api/plimsoll/v1/logs?limit=0' });
    const text = await metrics.render();
    expect(text).toContain(
      'plimsoll_query_requests_total{route="/api/plimsoll/v1/containers/:id",status="404"} 1',
    );
    expect(text).toContain(
      'plimsoll_query_requests_total{route="/api/plimsoll/v1/logs",status="400"} 1',
    );
    expect(text).toContain(
      'plimsoll_query_request_duration_seconds_count{route="/api/plimsoll/v1/logs"} 1',
    );
  });

  it('has every route in the OpenAPI document, with its parameters', async () => {
    const app = await fixture.serve();
    const document = (await app.inject({ url: '/api/plimsoll/v1/openapi.json' })).json<{
      paths: Record<
        string,
        Record<string, { parameters: { name: string; in: string; required: boolean }[] }>
      >;
    }>();
    const documented = Object.entries(document.paths)
      .flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
      )
      .toSorted();
    expect(documented).toEqual(registered(app.printRoutes({ commonPrefix: false })));
    const logs = document.paths['/api/plimsoll/v1/logs']?.['get']?.parameters ?? [];
    expect(logs.map(({ name }) => name)).toContain('severity');
    const series =
      document.paths['/api/plimsoll/v1/hosts/{host}/series']?.['get']?.parameters ?? [];
    expect(series).toContainEqual(
      expect.objectContaining({ name: 'host', in: 'path', required: true }),
    );
    expect(series).toContainEqual(
      expect.objectContaining({ name: 'from', in: 'query', required: false }),
    );
    expect(JSON.stringify(document)).not.toContain('undefined');
  });
});

/** fastify's own tree of routes as `METHOD /path`. */
function registered(tree: string): string[] {
  const routes: string[] = [];
  const stack: string[] = [];
  for (const line of tree.split('\n')) {
    const match = /^([│ ]*)[├└]── (\S*)(?: \(([^)]*)\))?/.exec(line);
    if (!match) continue;
    const depth = (match[1] ?? '').length / 4;
    stack.length = depth;
    stack[depth] = match[2] ?? '';
    for (const method of (match[3] ?? '').split(', ')) {
      const path = stack.join('').replaceAll(/:([a-z_]+)/g, '{$1}');
      if (method === 'GET' || method === 'POST') routes.push(`${method} ${path}`);
    }
  }
  return routes.toSorted();
}
