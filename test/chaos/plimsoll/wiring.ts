/** The proxies between the roles. */
import { LinkGroup } from '../proxy/link-group.ts';
import { StoreProxy } from '../proxy/store-proxy.ts';
import { TcpProxy } from '../proxy/tcp-proxy.ts';
import {
  brokerIds,
  brokerProxyPort,
  enginePort,
  listenerPort,
  peerPort,
  peerProxyPort,
  storeFrontPort,
  storeLinkPort,
  type Topology,
} from './topology.ts';

export function tcpProxies(topology: Topology): TcpProxy[] {
  const clients = topology.clients.flatMap((client) =>
    brokerIds.map(
      (id) =>
        new TcpProxy({
          name: `${client}>broker-${id}`,
          port: brokerProxyPort(topology, client, id),
          target: listenerPort(topology, id, client),
        }),
    ),
  );
  const peers = brokerIds.map(
    (id) =>
      new TcpProxy({
        name: `peers>broker-${id}`,
        port: peerProxyPort(topology, id),
        target: peerPort(topology, id),
      }),
  );
  const stores = topology.ingests.map(
    (ingest) =>
      new TcpProxy({
        name: `${ingest}>engine`,
        port: storeLinkPort(topology, ingest),
        target: storeFrontPort(topology, ingest),
      }),
  );
  return [...clients, ...peers, ...stores];
}

/** Each client and all of its brokers. */
export function linkGroups(links: readonly TcpProxy[]): LinkGroup[] {
  const clients = new Set(
    links.flatMap(({ name }) => /^(.*)>broker-\d+$/.exec(name)?.slice(1) ?? []),
  );
  return [...clients].map((client) => {
    const own = links.filter(({ name }) => name.startsWith(`${client}>broker-`));
    return new LinkGroup(`${client}>brokers`, own);
  });
}

export function storeProxies(topology: Topology): StoreProxy[] {
  return topology.ingests.map(
    (ingest) =>
      new StoreProxy({
        name: `${ingest}@engine`,
        port: storeFrontPort(topology, ingest),
        target: enginePort(topology),
      }),
  );
}
