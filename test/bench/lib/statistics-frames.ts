/**
 * Frames of container statistics as a fleet makes them: sixty values a row, of which counters grow
 * unevenly and gauges wander. The same numbers make the same frames.
 */
import { containerStatsValues, encodeFrame, targetLabelNames } from '@plimsoll/model';

export interface Fleet {
  hosts: number;
  /** Of each host. */
  containers: number;
  scrapes: number;
  /** Time of the first scrape, milliseconds since 1970. */
  startMs: number;
}

export interface StatisticsFrame {
  key: string;
  bytes: Buffer;
}

const valueKinds = Object.values(containerStatsValues);
const columns = ['time', 'started_at', ...targetLabelNames, ...Object.keys(containerStatsValues)];

/** Values that a container's row has, labels and times not counted. */
export const valuesPerRow = valueKinds.length;

const intervalMs = 10_000;

export function* statisticsFrames(fleet: Fleet): Generator<Promise<StatisticsFrame>> {
  for (let scrape = 0; scrape < fleet.scrapes; scrape += 1) {
    for (let host = 0; host < fleet.hosts; host += 1) {
      yield encode(`host-${host}`, scrape, fleet);
    }
  }
}

async function encode(
  host: string,
  scrape: number,
  { containers, startMs }: Fleet,
): Promise<StatisticsFrame> {
  const timeMs = startMs + scrape * intervalMs;
  const time = dateTime(timeMs);
  const lines = Array.from({ length: containers }, (_, container) => {
    const labels = targetLabelNames.map((name) => labelOf(name, host, container));
    const values = valueKinds.map((kind, index) =>
      valueOf(kind, { scrape, container, index, host: host.length }),
    );
    return `${JSON.stringify([time, dateTime(startMs), ...labels, ...values])}\n`;
  });
  const bytes = await encodeFrame(
    {
      kind: 'rows',
      header: {
        tenant: 'default',
        host,
        boot_id: 'bench',
        collector_id: `bench/${host}`,
        epoch: 1,
        sequence: scrape,
        created_at_ms: timeMs,
        table: 'container_stats',
        columns,
        rows: containers,
      },
    },
    [Buffer.from(lines.join(''))],
  );
  return { key: `default/${host}`, bytes };
}

function labelOf(name: string, host: string, container: number): string {
  switch (name) {
    case 'tenant':
      return 'default';
    case 'host':
      return host;
    case 'container_id':
      return `${host}-${container}-`.padEnd(64, '0');
    case 'container_name':
      return `service-${container % 40}-${container}`;
    case 'image':
      return `registry.example/service-${container % 40}:1.${container % 7}`;
    default:
      return '';
  }
}

interface ValueSeed {
  scrape: number;
  container: number;
  index: number;
  host: number;
}

function valueOf(kind: string, { scrape, container, index, host }: ValueSeed): number {
  // Spread evenly, and the same each time.
  const noise =
    ((scrape * 7919 + container * 104_729 + index * 1_299_709 + host) * 2_654_435_761) >>> 0;
  if (kind === 'limit') return 1024 * 1024 * 512;
  if (kind === 'counter') return scrape * 1000 * (1 + (container % 13)) + (noise % 1000);
  return 1_000_000 * (1 + (container % 50)) + (noise % 65_536) * 16;
}

function dateTime(timeMs: number): string {
  return new Date(timeMs).toISOString().replace('T', ' ').slice(0, 23);
}
