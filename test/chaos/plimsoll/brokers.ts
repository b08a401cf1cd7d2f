/**
 * Three brokers that are one cluster, each with a listener for every client: what a client is told of
 * where brokers are leads through proxies of its own.
 */
import { join } from 'node:path';
import { prepareBroker } from '@plimsoll/infra/kafka';
import type { ManagedProcessOptions } from '../processes/managed-process.ts';
import {
  brokerIds,
  brokerProxyPort,
  controllerPort,
  directPort,
  listenerPort,
  peerPort,
  peerProxyPort,
  type Topology,
} from './topology.ts';

export interface BrokerPlace {
  topology: Topology;
  folder: string;
  /** Where its log is, by broker. */
  dataFolder: (broker: number) => string;
}

export function brokerProcess(
  place: BrokerPlace,
  broker: number,
): Pick<ManagedProcessOptions, 'command' | 'args' | 'cwd'> {
  const { topology } = place;
  const folder = join(place.folder, `broker-${broker}`);
  const prepared = prepareBroker({
    folder,
    nodeId: broker,
    port: directPort(topology, broker),
    controllerPort: controllerPort(topology, broker),
    voters: brokerIds.map((id) => `${id}@127.0.0.1:${controllerPort(topology, id)}`),
    settings: { ...clusterSettings, ...listeners(place, broker) },
  });
  return { ...prepared, cwd: folder };
}

const clusterSettings = {
  'default.replication.factor': 3,
  'offsets.topic.replication.factor': 3,
  'offsets.topic.num.partitions': 3,
  'transaction.state.log.replication.factor': 3,
  'min.insync.replicas': 2,
  'unclean.leader.election.enable': 'false',
  // Faults are short here: the cluster notices them as soon.
  'broker.session.timeout.ms': 4000,
  'broker.heartbeat.interval.ms': 1000,
  'replica.lag.time.max.ms': 5000,
  'leader.imbalance.check.interval.seconds': 10,
  'group.min.session.timeout.ms': 1000,
  'controlled.shutdown.max.retries': 1,
  // Two cores for everything.
  'num.network.threads': 1,
  'num.io.threads': 3,
  'num.replica.fetchers': 1,
  'log.segment.bytes': 64 * 1024 * 1024,
};

function listeners({ topology, dataFolder }: BrokerPlace, broker: number): Record<string, string> {
  const clients = topology.clients.map((client) => ({
    name: client.replace('-', '').toUpperCase(),
    port: listenerPort(topology, broker, client),
    advertised: brokerProxyPort(topology, client, broker),
  }));
  const own = [
    ...clients,
    {
      name: 'PEERS',
      port: peerPort(topology, broker),
      advertised: peerProxyPort(topology, broker),
    },
    {
      name: 'DIRECT',
      port: directPort(topology, broker),
      advertised: directPort(topology, broker),
    },
  ];
  const controller = `CONTROLLER://127.0.0.1:${controllerPort(topology, broker)}`;
  const at = (which: 'port' | 'advertised'): string[] =>
    own.map((listener) => `${listener.name}://127.0.0.1:${listener[which]}`);
  return {
    listeners: [...at('port'), controller].join(','),
    'advertised.listeners': at('advertised').join(','),
    'listener.security.protocol.map': [...own.map(({ name }) => name), 'CONTROLLER']
      .map((name) => `${name}:PLAINTEXT`)
      .join(','),
    'inter.broker.listener.name': 'PEERS',
    'log.dirs': dataFolder(broker),
  };
}
