/**
 * `npm run kafka [-- --brokers 3]`: brokers to try things with, until Ctrl-C. Their data stays in
 * /tmp/plimsoll-kafka, or /tmp/plimsoll-kafka-<n> for n brokers.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { kafkaMissing } from './broker.ts';
import { startKafkaCluster } from './cluster.ts';

const maxBrokers = 9;
const firstPort = 9092;

const { values } = parseArgs({ options: { brokers: { type: 'string', default: '1' } } });
const count = Number(values.brokers);
const missing = kafkaMissing();
if (!Number.isInteger(count) || count < 1 || count > maxBrokers) {
  fail(`--brokers: expected 1 to ${maxBrokers}, got ${values.brokers}`);
} else if (missing === null) {
  await runBrokers();
} else {
  fail(missing);
}

async function runBrokers(): Promise<void> {
  const folder = join(tmpdir(), count === 1 ? 'plimsoll-kafka' : `plimsoll-kafka-${count}`);
  // 9092 and 9093, 9094 and 9095, …
  const nodes = Array.from({ length: count }, (_, i) => ({
    port: firstPort + 2 * i,
    controllerPort: firstPort + 2 * i + 1,
  }));
  const { addresses, brokers } = await startKafkaCluster({ folder, nodes });
  process.stdout.write(
    `Kafka listens on ${addresses.join(', ')}; its data is in ${folder}. Ctrl-C stops it.\n`,
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void Promise.all(brokers.map((broker) => broker.stop())));
  }
}

function fail(message: string): void {
  process.stderr.write(`kafka: ${message}\n`);
  process.exitCode = 1;
}
