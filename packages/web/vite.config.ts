import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const service = process.env['PLIMSOLL_URL'] ?? 'http://127.0.0.1:4270';

/** Below this a compressed answer is no smaller on the wire than one packet. */
const minCompressBytes = 1024;

/** Writes `.br` and `.gz` beside each text file, so that the server only has to pick one. */
function precompress(): Plugin {
  let outDir = 'dist';
  return {
    name: 'plimsoll-precompress',
    apply: 'build',
    configResolved(config) {
      outDir = config.build.outDir;
    },
    async closeBundle() {
      const names = await readdir(outDir, { recursive: true });
      await Promise.all(
        names
          .filter((name) => /\.(js|css|html|svg)$/.test(name))
          .map((name) => compressFile(join(outDir, name))),
      );
    },
  };
}

async function compressFile(path: string): Promise<void> {
  if ((await stat(path)).size < minCompressBytes) return;
  const bytes = await readFile(path);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
  await writeFile(`${path}.br`, await promisify(brotliCompress)(bytes, { params }));
  await writeFile(`${path}.gz`, await promisify(gzip)(bytes, { level: 9 }));
}

export default defineConfig({
  // Relative, so that the page also works below a path of a reverse proxy; every view is one path
  // segment deep (`/container?id=…`) and finds its files beside it.
  base: './',
  plugins: [react(), precompress()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    manifest: 'manifest.json',
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': service, '/loki': service, '/metrics': service },
  },
});
