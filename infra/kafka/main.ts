/** `npm run kafka`: a broker to try things with, until Ctrl-C. Its data stays in /tmp/plimsoll-kafka. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { kafkaMissing, startKafka } from './broker.ts';

const missing = kafkaMissing();
if (missing !== null) {
  process.stderr.write(`kafka: ${missing}\n`);
  process.exit(1);
}
const folder = join(tmpdir(), 'plimsoll-kafka');
const broker = await startKafka({ folder, port: 9092, controllerPort: 9093 });
process.stdout.write(
  `Kafka listens on ${broker.address}; its data is in ${folder}. Ctrl-C stops it.\n`,
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void broker.stop());
}
