/** Where containers are found, as configured: Docker, the pods of a Kubernetes node, or both. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Config, Logger } from '@plimsoll/runtime';
import { CompositeDiscovery, type NamedDiscovery } from '../discovery/composite-discovery.ts';
import { containerFilter } from '../discovery/container-filter.ts';
import type { Discovery } from '../discovery/discovery.ts';
import { DockerDiscovery } from '../discovery/docker-discovery.ts';
import { KubernetesDiscovery } from '../discovery/kubernetes/kubernetes-discovery.ts';
import { NoDiscovery } from '../discovery/no-discovery.ts';
import { TenantChooser } from '../discovery/tenant-chooser.ts';

export interface BuildDiscoveryOptions {
  config: Config['collector'];
  tenant: string;
  clock: Clock;
  logger: Logger;
  /** Bookmark of an earlier run; empty: from now on. */
  since: string;
}

export function buildDiscovery(options: BuildDiscoveryOptions): Discovery {
  const parts: NamedDiscovery[] = [];
  const { config } = options;
  if (config.docker.enabled) parts.push({ name: 'docker', discovery: docker(options) });
  if (watchesKubernetes(config)) {
    parts.push({ name: 'kubernetes', discovery: kubernetes(options) });
  }
  const [only] = parts;
  if (!only) return new NoDiscovery();
  return parts.length === 1 ? only.discovery : new CompositeDiscovery(parts);
}

/** `auto`: where the kubelet has its folder of logs when the collector starts. */
function watchesKubernetes({
  kubernetes: { enabled, pod_logs: podLogs },
  roots,
}: Config['collector']): boolean {
  if (enabled !== 'auto') return enabled === 'always';
  return existsSync(join(roots.host, podLogs));
}

function docker({ config, tenant, clock, logger, since }: BuildDiscoveryOptions): Discovery {
  return new DockerDiscovery({
    socketPath: config.docker.socket,
    tenant,
    host: config.host,
    resyncIntervalMs: config.docker.resync_interval,
    clock,
    logger,
    since,
    filter: containerFilter(config.containers),
    labelTenants: config.label_tenants,
    hasLogApi: config.docker.api_logs,
    hostRoot: config.roots.host,
  });
}

function kubernetes({ config, tenant, clock, logger }: BuildDiscoveryOptions): Discovery {
  const tenants = new TenantChooser({ tenant, labelTenants: config.label_tenants, logger });
  return new KubernetesDiscovery({
    config,
    tenantOf: (containerId, labels) => tenants.tenantOf(containerId, labels),
    isDockerWatched: config.docker.enabled,
    clock,
    logger,
    accepts: containerFilter(config.containers),
    env: process.env,
  });
}
