/** Messages in the forms in which a daemon sends them. */
import type { LogMessage } from '../../src/api-logs/message.ts';

/** `nanoseconds` after the first of January 2026, as messages carry it. */
export function timeAt(nanoseconds: number): string {
  const second = new Date(Date.UTC(2026, 0, 1) + Math.floor(nanoseconds / 1e9) * 1000);
  return `${second.toISOString().slice(0, 19)}.${String(nanoseconds % 1e9).padStart(9, '0')}Z`;
}

export function messageOf(
  text: string | Buffer,
  nanoseconds = 0,
  stream: LogMessage['stream'] = 'stdout',
): LogMessage {
  return { stream, time: timeAt(nanoseconds), text: Buffer.from(text) };
}

/** `zone` such as `+01:00`: a daemon with a time zone of its own; empty for UTC. */
export function payloadOf({ time, text }: LogMessage, zone = ''): Buffer {
  return Buffer.concat([Buffer.from(zone === '' ? `${time} ` : `${inZone(time, zone)} `), text]);
}

export function frameOf(message: LogMessage, zone = ''): Buffer {
  const payload = payloadOf(message, zone);
  const header = Buffer.from([message.stream === 'stdout' ? 1 : 2, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

function inZone(time: string, zone: string): string {
  const sign = zone.startsWith('-') ? -1 : 1;
  const [hours = 0, minutes = 0] = zone.slice(1).split(':').map(Number);
  const shifted = Date.parse(time) + sign * (hours * 60 + minutes) * 60_000;
  return new Date(shifted).toISOString().slice(0, 19) + time.slice(19, -1) + zone;
}

/** Cut where the numbers say, whatever they are. */
export function cutInto(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const sorted = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const edges = [0, ...sorted, bytes.length];
  return edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
}
