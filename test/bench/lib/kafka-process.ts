/**
 * A process with nothing in it but one part of the Kafka path. Prints its account as one line of JSON.
 *
 *     node kafka-process.ts <job.json>      see kafka-job.ts
 */
import { readFileSync } from 'node:fs';
import type { KafkaAccount, KafkaJob } from './kafka-job.ts';
import { consumePlainly, publishLines } from './plain-kafka.ts';
import { publishLogs, publishQuietly, publishStatistics, store, watch } from './kafka-roles.ts';

const file = process.argv[2];
if (file === undefined) throw new Error('expected a job as the first argument');
// What our own process wrote.
const account = await work(JSON.parse(readFileSync(file, 'utf8')) as KafkaJob);
const answer = `${JSON.stringify(account)}\n`;
// The library of the plain consumer leaves timers behind; what is written is not out yet.
process.stdout.write(answer, () => process.exit(0));

async function work(job: KafkaJob): Promise<KafkaAccount> {
  switch (job.kind) {
    case 'publish logs':
      return publishLogs(job);
    case 'publish statistics':
      return publishStatistics(job);
    case 'publish quietly':
      return publishQuietly(job);
    case 'store':
      return store(job);
    case 'watch':
      return watch(job);
    case 'publish lines':
      return publishLines(job);
    case 'plain consumer':
      return consumePlainly(job);
    default:
      return job satisfies never;
  }
}
