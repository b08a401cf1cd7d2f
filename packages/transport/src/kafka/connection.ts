import { readFile } from 'node:fs/promises';
import { messageOf, type Config, type Logger } from '@plimsoll/runtime';
import { KafkaFailure, type KafkaClient } from './kafka-client.ts';
import type { ConsumerClient } from './consumer-client.ts';
import { KafkajsClient } from './kafkajs-client.ts';
import { KafkajsConsumerClient } from './kafkajs-consumer-client.ts';

export type KafkaConfig = Config['transport']['kafka'];

/**
 * A client as configured, not connected yet. Certificates are read each time, so that renewed ones
 * are used from the next connection on.
 *
 * @throws {KafkaFailure} `denied` for a certificate that cannot be read
 */
export async function openKafkaClient(config: KafkaConfig, logger: Logger): Promise<KafkaClient> {
  const { brokers, client_id: clientId, sasl } = config;
  const tls = await readTls(config.tls);
  return new KafkajsClient({ brokers, clientId, tls, sasl: sasl ?? null }, logger);
}

/** A member's client; connects when something is asked. */
export function openConsumerClient(config: KafkaConfig, logger: Logger): ConsumerClient {
  const { brokers, client_id: clientId, sasl } = config;
  const tls = (): Promise<TlsFiles | null> => readTls(config.tls);
  return new KafkajsConsumerClient({ brokers, clientId, tls, sasl: sasl ?? null }, logger);
}

async function readTls({ enabled, ...files }: KafkaConfig['tls']): Promise<TlsFiles | null> {
  if (!enabled) return null;
  const tls: TlsFiles = {};
  for (const name of ['ca', 'cert', 'key'] as const) {
    const path = files[name];
    if (path !== undefined) tls[name] = await readPem(`transport.kafka.tls.${name}`, path);
  }
  return tls;
}

interface TlsFiles {
  ca?: string;
  cert?: string;
  key?: string;
}

async function readPem(field: string, path: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new KafkaFailure('denied', `${field}: ${messageOf(error)}`, error);
  }
  if (text.includes('-----BEGIN ')) return text;
  throw new KafkaFailure('denied', `${field}: expected a file in PEM, got another at ${path}`);
}
