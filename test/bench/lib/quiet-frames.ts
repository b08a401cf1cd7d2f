/** Frames as hosts make them whose containers write little: a line of each container in every frame. */
import { encodeFrame, hostLabels, type LogChunk, type LogSource } from '@plimsoll/model';

export interface QuietFleet {
  hosts: number;
  /** Of each host. */
  containers: number;
  /** Of each host; each holds one line of every container. */
  frames: number;
}

export interface QuietFrame {
  key: string;
  bytes: Buffer;
  lines: number;
}

export function* quietFrames(fleet: QuietFleet): Generator<Promise<QuietFrame>> {
  const positions = new Map<number, number[]>();
  for (let sequence = 0; sequence < fleet.frames; sequence += 1) {
    for (let host = 0; host < fleet.hosts; host += 1) {
      const known = positions.get(host) ?? Array<number>(fleet.containers).fill(0);
      positions.set(host, known);
      yield encode({ host, sequence }, known);
    }
  }
}

async function encode(
  { host, sequence }: { host: number; sequence: number },
  positions: number[],
): Promise<QuietFrame> {
  const name = `node-${host}.example`;
  const parts: Buffer[] = [];
  const chunks = positions.map((start, container): LogChunk => {
    const number = sequence * positions.length + container;
    const time = new Date(Date.UTC(2026, 0, 1) + number).toISOString();
    const line = `{"log":"level=info msg=\\"request served\\" n=${number} duration=${(number * 7919) % 997}ms\\n","stream":"stdout","time":"${time}"}\n`;
    const bytes = Buffer.from(line);
    parts.push(bytes);
    positions[container] = start + bytes.length;
    return { source: container, start, end: start + bytes.length, lines: 1, split: false };
  });
  const header = {
    tenant: 'default',
    host: name,
    boot_id: 'bench',
    collector_id: `bench/${host}`,
    epoch: 1,
    sequence,
    created_at_ms: Date.now(),
    sources: positions.map((_, container) => sourceOf(name, host, container)),
    chunks,
  };
  const bytes = await encodeFrame({ kind: 'logs', header }, parts);
  return { key: name, bytes, lines: positions.length };
}

function sourceOf(name: string, host: number, container: number): LogSource {
  const id = (host * 1000 + container).toString(16).padStart(8, '0').repeat(8);
  return {
    labels: {
      ...hostLabels('default', name),
      container_id: id,
      container_name: `shop-${container}`,
      image: 'registry.example/shop:1.4.2',
    },
    format: 'docker-json',
    file_id: id.slice(0, 32),
    path: `/var/lib/docker/containers/${id}/${id}-json.log`,
    stream: '',
  };
}
