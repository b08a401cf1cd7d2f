/** The page's files: hashed assets for ever, index.html never from a cache, any view by its address. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { QueryError } from './api-error.ts';
import { pagePolicy } from './security-headers.ts';

export interface StaticFilesOptions {
  webRoot: string;
  /** Paths that are never a view of the page. */
  isApi: (path: string) => boolean;
}

const missingBuild = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="color-scheme" content="light dark">
<title>Plimsoll: the page is not built</title>
<h1>The page is not built</h1>
<p>Plimsoll runs and answers under <code>/api/plimsoll/v1/</code>, but the files of its page are not there.
Build them with <code>npm run build</code>, or start with <code>npm start</code>, which does so; then load this address again.</p>
</html>
`;

export async function registerStaticFiles(
  app: FastifyInstance,
  options: StaticFilesOptions,
): Promise<void> {
  await app.register(fastifyStatic, {
    root: options.webRoot,
    serve: false,
    // brotli and gzip copies that the build made are sent instead where the client takes them.
    preCompressed: true,
    index: false,
    dotfiles: 'deny',
    cacheControl: false,
  });
  app.setNotFoundHandler(async (request, reply) => answer(request, reply, options));
}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  options: StaticFilesOptions,
): Promise<FastifyReply> {
  const path = decodePath(request.url);
  if (path === null || options.isApi(path)) {
    throw new QueryError('not_found', 'there is no such route; see /api/plimsoll/v1/openapi.json');
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    throw new QueryError('method_not_allowed', `expected GET, got ${request.method}`);
  }
  const isFile = /\.[a-z0-9]{1,8}$/i.test(path) && path !== '/index.html';
  // A missing asset is an error; anything else is a view whose address the page itself reads.
  if (!isFile) return sendIndex(reply, options.webRoot);
  if (!(await isServed(path, options.webRoot))) {
    throw new QueryError('not_found', 'the page has no such file');
  }
  reply.header(
    'cache-control',
    path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
  );
  return reply.sendFile(path.slice(1));
}

/** No hidden files, nothing above the folder: neither is ever part of the build. */
async function isServed(path: string, webRoot: string): Promise<boolean> {
  const segments = path.slice(1).split(/[\\/]/);
  if (segments.some((segment) => segment === '' || segment.startsWith('.'))) return false;
  const found = await stat(join(webRoot, ...segments)).catch(() => null);
  return found?.isFile() ?? false;
}

async function sendIndex(reply: FastifyReply, webRoot: string): Promise<FastifyReply> {
  reply.header('cache-control', 'no-cache').type('text/html; charset=utf-8');
  const html = await readFile(join(webRoot, 'index.html'), 'utf8').catch(() => null);
  if (html === null) {
    return reply.code(503).header('content-security-policy', pagePolicy('')).send(missingBuild);
  }
  return reply.header('content-security-policy', pagePolicy(html)).send(html);
}

/** Null when it is no path: bad escapes, or bytes that no file of ours has. */
function decodePath(url: string): string | null {
  try {
    const path = decodeURIComponent(url.split('?', 1)[0] ?? '');
    return path.includes('\0') ? null : path;
  } catch {
    return null;
  }
}
