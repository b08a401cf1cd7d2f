import { redactUrl } from '@plimsoll/runtime';
import type { Config } from '@plimsoll/runtime';

/** Where frames would go, in a phrase. */
export function transportTarget({ transport, storage, data_dir: dataDir }: Config): string {
  if (transport.mode === 'kafka') {
    const { brokers, topic_prefix: prefix } = transport.kafka;
    return `Kafka at ${brokers.join(', ')}, topics ${prefix}.logs and ${prefix}.rows`;
  }
  const storageText =
    storage.mode === 'server'
      ? `ClickHouse at ${redactUrl(storage.url)}`
      : 'the embedded ClickHouse of "plimsoll all"';
  return `the journal in ${dataDir}, then ${storageText}`;
}
