/**
 * A registry with one image, on loopback, which Docker trusts without TLS: enough of the distribution
 * API to be pulled from, slowly where a test wants to see the pull.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

export interface ImageRegistry {
  /** Name to pull: `127.0.0.1:<port>/<repository>:1`. */
  image: string;
  /** Digest of its manifest. */
  digest: string;
  stop(): Promise<void>;
}

const manifestType = 'application/vnd.docker.distribution.manifest.v2+json';

/** @param layerMs how long the layer takes to be sent */
export async function startRegistry(folder: string, layerMs: number): Promise<ImageRegistry> {
  const repository = 'plimsoll-test/pulled';
  const tar = busyboxLayer(folder);
  const layer = gzipSync(tar);
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: [sha256(tar)] },
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: {
        mediaType: 'application/vnd.docker.container.image.v1+json',
        size: config.length,
        digest: sha256(config),
      },
      layers: [
        {
          mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
          size: layer.length,
          digest: sha256(layer),
        },
      ],
    }),
  );
  const answers = new Map([
    [`/v2/${repository}/manifests/1`, manifest],
    [`/v2/${repository}/manifests/${sha256(manifest)}`, manifest],
    [`/v2/${repository}/blobs/${sha256(config)}`, config],
    [`/v2/${repository}/blobs/${sha256(layer)}`, layer],
    ['/v2/', Buffer.from('{}')],
  ]);
  const server = createServer((request, response) => {
    const bytes = answers.get(request.url ?? '');
    response.setHeader('docker-distribution-api-version', 'registry/2.0');
    if (!bytes) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      'content-type': bytes === manifest ? manifestType : 'application/octet-stream',
      'content-length': bytes.length,
      'docker-content-digest': sha256(bytes),
    });
    if (request.method === 'HEAD') response.end();
    else send(response, bytes, bytes === layer ? layerMs : 0).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    image: `127.0.0.1:${port}/${repository}:1`,
    digest: sha256(manifest),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

/** Half at once, the rest when the time is over. */
async function send(response: ServerResponse, bytes: Buffer, overMs: number): Promise<void> {
  const half = Math.floor(bytes.length / 2);
  response.write(bytes.subarray(0, half));
  await sleep(overMs);
  response.end(bytes.subarray(half));
}

function busyboxLayer(folder: string): Buffer {
  const bin = join(folder, 'pulled', 'bin');
  mkdirSync(bin, { recursive: true });
  copyFileSync('/bin/busybox', join(bin, 'busybox'));
  chmodSync(join(bin, 'busybox'), 0o755);
  for (const applet of ['sh', 'sleep']) symlinkSync('busybox', join(bin, applet));
  const archive = join(folder, 'pulled.tar');
  execFileSync('tar', ['-C', join(folder, 'pulled'), '-cf', archive, '.']);
  return readFileSync(archive);
}

function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
