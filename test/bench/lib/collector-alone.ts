/**
 * A process with nothing in it but a collector that reads one Docker log to its end, into a
 * publisher that acknowledges at once. Prints its account as one line of JSON.
 *
 *     node collector-alone.ts <folder>      a Docker data folder with one container
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Collector, DirectoryDiscovery } from '@plimsoll/collector';
import { configSchema, createLogger, systemClock } from '@plimsoll/runtime';
import type { OutboundFrame } from '@plimsoll/transport';

export interface CollectorAccount {
  cpuSeconds: number;
  wallSeconds: number;
  rawBytes: number;
  frameBytes: number;
  frames: number;
  peakRssBytes: number;
}

const folder = process.argv[2];
if (folder === undefined) throw new Error('expected the folder as the first argument');
console.log(JSON.stringify(await readAll(folder)));

async function readAll(root: string): Promise<CollectorAccount> {
  const stateDirectory = mkdtempSync(join(tmpdir(), 'plimsoll-collector-alone-'));
  const rawBytes = statSync(logOf(root)).size;
  const { tenant, collector: config } = configSchema.parse({
    collector: { host: 'bench', stats: { enabled: false } },
  });
  const logger = createLogger({ level: 'warn' });
  const discovery = new DirectoryDiscovery({
    root,
    tenant,
    host: config.host,
    clock: systemClock,
    logger,
  });
  const sent = { frames: 0, frameBytes: 0 };
  const publisher = {
    publish: (frame: OutboundFrame) => {
      sent.frames += 1;
      sent.frameBytes += frame.bytes.length;
      return Promise.resolve();
    },
  };
  const collector = new Collector({
    config,
    tenant,
    stateDirectory,
    version: 'bench',
    publisher,
    logger,
    discovery,
  });
  const cpu = process.cpuUsage();
  const start = performance.now();
  await collector.start();
  while (collector.status().lag.bytes > 0 || sent.frames < 2) await wait(5);
  const wallSeconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await collector.stop();
  rmSync(stateDirectory, { recursive: true, force: true });
  return {
    cpuSeconds: (user + system) / 1e6,
    wallSeconds,
    rawBytes,
    ...sent,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
  };
}

function logOf(root: string): string {
  return readFileSync(join(root, 'log-path'), 'utf8');
}
