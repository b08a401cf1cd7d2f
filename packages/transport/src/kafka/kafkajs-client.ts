/**
 * KafkaClient by kafkajs. The library and its oddities stay in the files that begin with `kafkajs-`:
 *
 * - its own tries are few and short, because whoever sends tries again without end;
 * - its sockets are made here, so that closing never waits for a request that gets no answer;
 * - its log goes to ours as debug: what matters comes as an error too.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { Logger } from '@plimsoll/runtime';
import kafkajs from 'kafkajs';
import type { Admin, ISocketFactoryArgs, Kafka, LogEntry, Producer, SASLOptions } from 'kafkajs';
import {
  KafkaFailure,
  type KafkaClient,
  type KafkaCluster,
  type KafkaTopic,
  type NewTopic,
} from './kafka-client.ts';
import { toFailure } from './kafkajs-failure.ts';
import { fixIdleTimers } from './kafkajs-idle-fix.ts';

export interface KafkaConnection {
  brokers: readonly string[];
  clientId: string;
  tls: ConnectionOptions | null;
  sasl: SASLOptions | null;
}

const connectTimeoutMs = 5000;
const requestTimeoutMs = 30_000;
const closeTimeoutMs = 1000;
const topicReadyTimeoutMs = 10_000;

/** Settings of a topic that decide what becomes of frames. */
const readSettings = [
  'cleanup.policy',
  'compression.type',
  'max.message.bytes',
  'min.insync.replicas',
  'retention.bytes',
  'retention.ms',
  'unclean.leader.election.enable',
];

export class KafkajsClient implements KafkaClient {
  readonly #tls: ConnectionOptions | null;
  readonly #sockets = new Set<Socket>();
  readonly #kafka: Kafka;
  readonly #producer: Producer;
  #admin: Admin | null = null;

  constructor({ brokers, clientId, tls, sasl }: KafkaConnection, logger: Logger) {
    fixIdleTimers();
    this.#tls = tls;
    this.#kafka = new kafkajs.Kafka({
      brokers: [...brokers],
      clientId,
      ...(tls === null ? {} : { ssl: tls }),
      ...(sasl === null ? {} : { sasl }),
      connectionTimeout: connectTimeoutMs,
      authenticationTimeout: connectTimeoutMs,
      requestTimeout: requestTimeoutMs,
      // Each try asks the next of the brokers.
      retry: { retries: Math.max(2, brokers.length), initialRetryTime: 50, maxRetryTime: 500 },
      socketFactory: (wanted) => this.#openSocket(wanted),
      logCreator: () => (entry) => passOn(entry, logger),
    });
    this.#producer = this.#kafka.producer({
      // By key as the Java client does it: murmur2.
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
    });
  }

  async connect(): Promise<void> {
    await translated(this.#producer.connect());
  }

  async send(topic: string, key: string, values: readonly Buffer[]): Promise<void> {
    const messages = values.map((value) => ({ key, value }));
    await translated(this.#producer.send({ topic, acks: -1, timeout: requestTimeoutMs, messages }));
  }

  async describe(wanted: readonly string[]): Promise<KafkaCluster> {
    const admin = await this.#connectAdmin();
    const { brokers } = await translated(admin.describeCluster());
    const existing = new Set(await translated(admin.listTopics()));
    const names = wanted.filter((name) => existing.has(name));
    if (names.length === 0) return { brokers: brokers.length, topics: [] };
    const { topics } = await translated(admin.fetchTopicMetadata({ topics: names }));
    const settings = await this.#readSettings(admin, names);
    return {
      brokers: brokers.length,
      topics: topics
        .map(({ name, partitions }): KafkaTopic => {
          return {
            name,
            partitions: partitions.length,
            replicas: Math.min(...partitions.map(({ replicas }) => replicas.length)),
            leaderless: partitions.filter(({ leader }) => leader < 0).length,
            settings: settings?.get(name) ?? null,
          };
        })
        .toSorted((a, b) => wanted.indexOf(a.name) - wanted.indexOf(b.name)),
    };
  }

  async createTopic({ name, partitions, replicas, settings }: NewTopic): Promise<void> {
    const admin = await this.#connectAdmin();
    const configEntries = Object.entries(settings).map(([key, value]) => ({ name: key, value }));
    const topic = {
      topic: name,
      numPartitions: partitions,
      replicationFactor: replicas,
      configEntries,
    };
    await translated(
      admin.createTopics({ topics: [topic], waitForLeaders: true, timeout: topicReadyTimeoutMs }),
    );
  }

  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, closeTimeoutMs);
    });
    const closed = Promise.allSettled([this.#producer.disconnect(), this.#admin?.disconnect()]);
    await Promise.race([closed, late]);
    clearTimeout(timer);
    for (const socket of this.#sockets) socket.destroy();
  }

  async #connectAdmin(): Promise<Admin> {
    if (this.#admin !== null) return this.#admin;
    const admin = this.#kafka.admin();
    await translated(admin.connect());
    this.#admin = admin;
    return admin;
  }

  /** Null where this user may not read them. */
  async #readSettings(
    admin: Admin,
    names: readonly string[],
  ): Promise<Map<string, Record<string, string>> | null> {
    try {
      const { resources } = await translated(
        admin.describeConfigs({
          includeSynonyms: false,
          resources: names.map((name) => ({
            type: kafkajs.ConfigResourceTypes.TOPIC,
            name,
            configNames: readSettings,
          })),
        }),
      );
      return new Map(
        resources.map(({ resourceName, configEntries }) => [
          resourceName,
          Object.fromEntries(
            configEntries.map(({ configName, configValue }) => [configName, configValue]),
          ),
        ]),
      );
    } catch (error) {
      if (error instanceof KafkaFailure && error.kind === 'denied') return null;
      throw error;
    }
  }

  #openSocket({ host, port, onConnect }: ISocketFactoryArgs): Socket {
    const servername = isIP(host) === 0 ? { servername: host } : {};
    const socket =
      this.#tls === null
        ? connectTcp({ host, port }, onConnect)
        : connectTls({ host, port, ...servername, ...this.#tls }, onConnect);
    socket.setKeepAlive(true, 60_000);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  }
}

async function translated<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw toFailure(error);
  }
}

function passOn({ namespace, log }: LogEntry, logger: Logger): void {
  const { message, error } = log;
  const reason: unknown = error;
  logger.debug(
    { from: `kafkajs ${namespace}`.trim(), ...(typeof reason === 'string' && { reason }) },
    message,
  );
}
