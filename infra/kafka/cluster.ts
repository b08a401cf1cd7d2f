/**
 * Several brokers on loopback that are one cluster: a topic may have as many replicas, and what was
 * acknowledged outlives the loss of one of them. For failure tests, and `npm run kafka -- --brokers 3`.
 */
import { join } from 'node:path';
import { fetchBroker, startKafka, type KafkaBroker, type KafkaBrokerOptions } from './broker.ts';

export interface KafkaCluster {
  /** For `transport.kafka.brokers`. */
  addresses: readonly string[];
  /** Broker `i` has node id `i + 1`. */
  brokers: readonly KafkaBroker[];
  /** Ends all of them at once and for good. */
  dispose(): Promise<void>;
}

export interface KafkaClusterOptions {
  /** Made when it is not there; each broker has a folder below it. */
  folder: string;
  /** One for each broker. */
  nodes: readonly Pick<KafkaBrokerOptions, 'port' | 'controllerPort' | 'advertised'>[];
  /** Of every broker. */
  settings?: Readonly<Record<string, string | number>>;
}

/** Resolves when all answer. @throws with the end of the log of one that does not within a minute */
export async function startKafkaCluster(options: KafkaClusterOptions): Promise<KafkaCluster> {
  fetchBroker();
  const { folder, nodes } = options;
  const voters = nodes.map(({ controllerPort }, i) => `${i + 1}@127.0.0.1:${controllerPort}`);
  const replicas = Math.min(3, nodes.length);
  const settings = {
    'default.replication.factor': replicas,
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.replication.factor': replicas,
    'min.insync.replicas': replicas >= 3 ? 2 : 1,
    'unclean.leader.election.enable': 'false',
    // A broker that dies is noticed, and one that came back leads again, within a test's patience.
    'broker.session.timeout.ms': 3000,
    'broker.heartbeat.interval.ms': 500,
    'replica.lag.time.max.ms': 5000,
    'leader.imbalance.check.interval.seconds': 5,
    ...options.settings,
  };
  // Together: none answers before most of the controllers have met.
  const starts = await Promise.allSettled(
    nodes.map((node, i) =>
      startKafka({ ...node, folder: join(folder, `${i + 1}`), nodeId: i + 1, voters, settings }),
    ),
  );
  const brokers = starts.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const dispose = async (): Promise<void> => {
    await Promise.all(brokers.map((broker) => broker.dispose()));
  };
  const failed = starts.find((each) => each.status === 'rejected');
  if (failed !== undefined) {
    await dispose();
    throw failed.reason;
  }
  return { addresses: brokers.map(({ address }) => address), brokers, dispose };
}
