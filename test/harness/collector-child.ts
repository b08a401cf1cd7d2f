/**
 * A process with a collector that watches a daemon's containers, and a transport that acknowledges at
 * once. Answers each message with its account; ends in order on `stop`.
 *
 *     collector-child.ts <collector configuration as JSON> <state folder>
 */
import { readdirSync } from 'node:fs';
import { Collector } from '@plimsoll/collector';
import { decodeFrame, type EventRow } from '@plimsoll/model';
import { configSchema, silentLogger } from '@plimsoll/runtime';
import type { OutboundFrame } from '@plimsoll/transport';
import type { ChildAccount } from './collector-child-process.ts';
import { NumberedLines } from './numbered-lines.ts';

const [configText = '{}', stateDirectory = ''] = process.argv.slice(2);
const given: unknown = JSON.parse(configText);
const { tenant, collector: config } = configSchema.parse({ collector: given });
const lines = new NumberedLines();
const events: Record<string, number> = {};
const collector = new Collector({
  config,
  tenant,
  stateDirectory,
  version: 'test',
  publisher: { publish: take },
  logger: silentLogger(),
});
await collector.start();
process.on('message', (message) => {
  void answer(message === 'stop');
});
process.send?.('ready');

async function answer(isLast: boolean): Promise<void> {
  if (isLast) await collector.stop();
  process.send?.(account());
  if (isLast) process.disconnect();
}

async function take(frame: OutboundFrame): Promise<void> {
  const decoded = await decodeFrame(frame.bytes);
  if (decoded.kind === 'logs') {
    let at = 0;
    for (const { start, end } of decoded.header.chunks) {
      lines.take(decoded.payload.subarray(at, at + end - start));
      at += end - start;
    }
    return;
  }
  if (decoded.header.table !== 'events') return;
  const kindAt = decoded.header.columns.indexOf('kind' satisfies keyof EventRow);
  for (const line of decoded.payload.toString().trimEnd().split('\n')) {
    const row = JSON.parse(line) as unknown[];
    const kind = String(row[kindAt]);
    events[kind] = (events[kind] ?? 0) + 1;
  }
}

function account(): ChildAccount {
  globalThis.gc?.();
  const { containers, dropped, lag } = collector.status();
  return {
    rssBytes: process.memoryUsage.rss(),
    descriptors: readdirSync('/proc/self/fd').length,
    containers,
    lagBytes: lag.bytes,
    dropped,
    events,
    lines: lines.summary(),
  };
}
