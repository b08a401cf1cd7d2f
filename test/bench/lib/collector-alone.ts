/**
 * A process with nothing in it but a collector, and a publisher that acknowledges at once. Prints its
 * account as one line of JSON.
 *
 *     node collector-alone.ts <job.json>      see collector-job.ts
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { compactHeap } from '@plimsoll/agent/compact-heap';
import { Collector, makeTarget, type Target } from '@plimsoll/collector';
import { decodeFrame, hostLabels } from '@plimsoll/model';
import { configSchema, createLogger } from '@plimsoll/runtime';
import type { OutboundFrame } from '@plimsoll/transport';
import type { CollectorAccount, CollectorJob, JobContainer } from './collector-job.ts';
import { FixedDiscovery } from './fixed-discovery.ts';

const file = process.argv[2];
if (file === undefined) throw new Error('expected a job as the first argument');
// What our own process wrote.
console.log(JSON.stringify(await work(JSON.parse(readFileSync(file, 'utf8')) as CollectorJob)));

async function work(job: CollectorJob): Promise<CollectorAccount> {
  const stateDirectory = mkdtempSync(join(tmpdir(), 'plimsoll-collector-alone-'));
  const { tenant, collector: config } = configSchema.parse({
    collector: { host: 'bench', docker: { enabled: false }, ...job.config },
  });
  const sent = { frames: 0, frameBytes: 0, lines: 0, bytes: 0 };
  const delaysMs: number[] = [];
  const publisher = {
    publish: async (frame: OutboundFrame) => {
      sent.frames += 1;
      sent.frameBytes += frame.bytes.length;
      if (job.measuresDelay && frame.kind === 'logs') await noteDelays(frame, delaysMs);
    },
  };
  const collector = new Collector({
    config,
    tenant,
    stateDirectory,
    version: 'bench',
    publisher,
    logger: createLogger({ level: 'warn' }),
    discovery: new FixedDiscovery(job.containers.map((each) => targetOf(each, job.cgroupParent))),
  });
  let start = performance.now();
  let cpu = process.cpuUsage();
  await collector.start();
  if (job.until.kind === 'acknowledged') {
    while (collector.status().acknowledged.bytes < job.until.bytes) await wait(5);
  } else {
    await wait((job.until.warmUpSeconds * 1000) / 2);
    // As plimsoll-collector does when the start is over.
    compactHeap();
    await wait((job.until.warmUpSeconds * 1000) / 2);
    delaysMs.length = 0;
    start = performance.now();
    cpu = process.cpuUsage();
    await wait(job.until.seconds * 1000);
  }
  const { user, system } = process.cpuUsage(cpu);
  const wallSeconds = (performance.now() - start) / 1000;
  const { acknowledged } = collector.status();
  const rssBytes = process.memoryUsage.rss();
  await collector.stop();
  rmSync(stateDirectory, { recursive: true, force: true });
  return {
    cpuSeconds: (user + system) / 1e6,
    wallSeconds,
    acknowledgedBytes: acknowledged.bytes,
    acknowledgedLines: acknowledged.lines,
    frames: sent.frames,
    frameBytes: sent.frameBytes,
    rssBytes,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
    delaysMs: delaysMs.toSorted((a, b) => a - b),
  };
}

function targetOf({ id, name, pid, logPath, writableLayer }: JobContainer, parent: string): Target {
  return makeTarget({
    dockerId: id,
    labels: { ...hostLabels('default', 'bench'), container_id: id, container_name: name },
    state: 'running',
    pid,
    logSource: logPath === '' ? 'none' : 'docker-file',
    logDriver: 'json-file',
    logPath,
    writableLayer,
    cgroup: { parent, driver: 'cgroupfs' },
  });
}

async function noteDelays(frame: OutboundFrame, delaysMs: number[]): Promise<void> {
  const nowMs = performance.timeOrigin + performance.now();
  const decoded = await decodeFrame(frame.bytes);
  for (const [, at] of decoded.payload.toString('latin1').matchAll(/\bat=(\d+\.\d+)/g)) {
    delaysMs.push(nowMs - Number(at));
  }
}
