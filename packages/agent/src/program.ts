import { configCommands, readVersion } from '@plimsoll/cli';
import type { Program } from '@plimsoll/cli';
import { PlimsollError } from '@plimsoll/runtime';
import type { Config } from '@plimsoll/runtime';
import { collectorCommand } from './commands/collector.ts';
import { doctorCommand } from './commands/doctor.ts';
import { loadAgentConfiguration as load } from './load-configuration.ts';

const name = 'plimsoll-collector';
const version = readVersion(new URL('../package.json', import.meta.url));

/** The collector as a program of its own: nothing of an engine is installed with it. */
export const program: Program = {
  name,
  summary: 'The collector of Plimsoll: logs, statistics and signals of this host into Kafka.',
  version,
  defaultCommand: 'run',
  commands: [
    collectorCommand({
      line: name,
      name: 'run',
      summary: 'Collect this host into Kafka. The default.',
      description: [
        'Reads logs of containers and files, statistics of containers and of the host, the kernel log and events, and publishes them to Kafka. A position is kept only after Kafka has acknowledged what comes before it: after a crash lines are read and sent again, and ingest stores them once. While Kafka is away reading stops at a bound, and goes on where it was.',
        'Its port serves /healthz, /readyz and /metrics.',
      ],
      environment: [
        { name: 'PLIMSOLL_TRANSPORT__MODE', help: 'kafka' },
        { name: 'PLIMSOLL_TRANSPORT__KAFKA__BROKERS', help: 'Such as kafka-1:9092,kafka-2:9092.' },
      ],
      load,
      collect: async (config, input, isOnce) => {
        checkTransport(config);
        const { runAgent } = await import('./run/run-agent.ts');
        return runAgent({ config, input, version, isOnce, load });
      },
    }),
    doctorCommand(name, load),
    ...configCommands(name, load),
  ],
  examples: [
    { line: name, what: 'Collect this host, as plimsoll.yaml here says.' },
    { line: `${name} --dry-run`, what: 'See what would be collected.' },
    { line: `${name} doctor`, what: 'See what is missing, and what to do.' },
  ],
};

/** @throws {PlimsollError} `transport_unsupported` */
function checkTransport({ transport }: Config): void {
  if (transport.mode === 'kafka') return;
  const message = `expected transport.mode: kafka, got ${transport.mode}; a journal needs ingest beside it`;
  const hint =
    'Set transport.mode: kafka and transport.kafka.brokers, or run "plimsoll collector".';
  throw new PlimsollError('transport_unsupported', message, { hint });
}
