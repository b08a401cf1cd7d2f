import { decodeFrame, decodePushedRecords } from '@plimsoll/model';
import type { OutboundFrame } from '@plimsoll/transport';
import type { PushedLogs } from '../../src/sink/frame-sink.ts';

/** A record as its row will be, without what is empty. */
export interface PushedRow {
  [column: string]: unknown;
}

export function rowsOfPush({ chunks }: PushedLogs): PushedRow[] {
  return chunks.flatMap(({ source, payload }) => rowsOf(source.labels, payload));
}

export async function rowsOfFrames(frames: readonly OutboundFrame[]): Promise<PushedRow[]> {
  const rows: PushedRow[] = [];
  for (const { bytes } of frames) {
    const frame = await decodeFrame(bytes);
    if (frame.kind !== 'logs') continue;
    let at = 0;
    for (const chunk of frame.header.chunks) {
      const source = frame.header.sources[chunk.source];
      const payload = frame.payload.subarray(at, at + (chunk.bytes ?? 0));
      at += chunk.bytes ?? 0;
      if (source) rows.push(...rowsOf(source.labels, payload));
    }
  }
  return rows;
}

function rowsOf(columns: object, payload: Buffer): PushedRow[] {
  return decodePushedRecords(payload).map(({ timeNs, stream, severity, labels, text }) => {
    const row = {
      ...columns,
      time: timeNs === null ? null : String(timeNs),
      stream,
      severity,
      labels: labels === '' ? '' : (JSON.parse(utf8(labels)) as unknown),
      text: utf8(text),
    };
    return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== ''));
  });
}

function utf8(byteText: string): string {
  return Buffer.from(byteText, 'latin1').toString('utf8');
}
