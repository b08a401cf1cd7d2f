export { Collector, type CollectorOptions, type CollectorStatus } from './collector.ts';
export type {
  Discovery,
  DiscoveryChange,
  DiscoveryState,
  DiscoveryStatus,
} from './discovery/discovery.ts';
export {
  DirectoryDiscovery,
  type DirectoryDiscoveryOptions,
} from './discovery/directory-discovery.ts';
export { DockerDiscovery, type DockerDiscoveryOptions } from './discovery/docker-discovery.ts';
export { dropReasons, type DropReason } from './drops.ts';
export {
  isRunning,
  type CgroupHints,
  type Target,
  type TargetHealth,
  type TargetLimits,
  type TargetState,
} from './target.ts';
export { StatsSampler, type StatsRoots, type StatsSamplerOptions } from './stats/stats-sampler.ts';
