export { checkAccess, type AccessOptions } from './access/check-access.ts';
export { describeFinding, type Finding } from './access/finding.ts';
export { ApiLogs, type ApiLogsOptions, type ApiLogStatus } from './api-logs/api-logs.ts';
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
export { containerFilter, type ContainerFilter } from './discovery/container-filter.ts';
export { DockerDiscovery, type DockerDiscoveryOptions } from './discovery/docker-discovery.ts';
export { DropLedger, dropReasons, type DropReason } from './drops.ts';
export { SecurityProbe, type SecurityProbeOptions } from './security/security-probe.ts';
export {
  isRunning,
  makeTarget,
  type CgroupHints,
  type Target,
  type TargetHealth,
  type TargetLimits,
  type TargetState,
} from './target.ts';
export { StatsSampler, type StatsRoots, type StatsSamplerOptions } from './stats/stats-sampler.ts';
export { DaemonSignal, type DaemonSignalOptions } from './signals/daemon/daemon-signal.ts';
export type { Signal, SignalContext } from './signals/signal.ts';
export { OrphanSignal, type OrphanSignalOptions } from './signals/orphans/orphan-signal.ts';
export { GpuSignal, type GpuSignalOptions } from './signals/gpu/gpu-signal.ts';
export {
  planCollection,
  type CollectionPlan,
  type PlannedContainer,
  type PlannedFile,
  type PlanOptions,
} from './plan/collection-plan.ts';
