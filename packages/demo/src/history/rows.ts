/** The rows of one simulated host at one moment of its history. */
import {
  targetLabelNames,
  type EventKind,
  type EventSeverity,
  type TargetLabels,
} from '@plimsoll/model';
import type { ContainerPlan } from '../fleet/plan.ts';
import type { ContainerChange, SimulatedContainer } from '../simulation/container.ts';
import type { DiskSpace, SimulatedHost } from '../simulation/host.ts';
import type { HistoryPublisher } from './history-publisher.ts';
import { containerValueNames, dateTime, hostValueNames, valueWriter } from './row-text.ts';

const containerColumns = ['time', 'started_at', ...targetLabelNames, ...containerValueNames];
const hostColumns = ['time', 'tenant', 'host', ...hostValueNames];
const filesystemColumns = [
  'time',
  'tenant',
  'host',
  'mountpoint',
  'device',
  'fstype',
  'size_bytes',
  'available_bytes',
  'inodes',
  'inodes_free',
];
const eventColumns = [
  'time',
  'event_id',
  ...targetLabelNames,
  'kind',
  'severity',
  'message',
  'attributes',
];

const writeContainerValues = valueWriter(containerValueNames);
const writeHostValues = valueWriter(hostValueNames);

export class HistoryRows {
  readonly #publisher: HistoryPublisher;
  readonly #tenant: string;
  readonly #disk: DiskSpace;
  readonly #labels = new Map<string, string>();

  constructor(publisher: HistoryPublisher, tenant: string, disk: DiskSpace) {
    this.#publisher = publisher;
    this.#tenant = tenant;
    this.#disk = disk;
  }

  addContainer(container: SimulatedContainer, timeMs: number): void {
    const started = dateTime(container.startedAtMs);
    const values = writeContainerValues(container.values());
    const labels = this.#labelText(container.plan);
    const line = `["${dateTime(timeMs)}","${started}",${labels},${values}]`;
    this.#publisher.add('container_stats', containerColumns, line);
  }

  addHost(host: SimulatedHost, timeMs: number): void {
    const head = JSON.stringify([dateTime(timeMs), this.#tenant, host.plan.name]).slice(0, -1);
    const values = writeHostValues(host.values(this.#disk));
    this.#publisher.add('host_stats', hostColumns, `${head},${values}]`);
    const { sizeBytes, availableBytes, inodes, inodesFree } = this.#disk;
    const space = [sizeBytes, availableBytes, inodes, inodesFree];
    const line = `${head},"/","/dev/nvme0n1p1","ext4",${space.join(',')}]`;
    this.#publisher.add('filesystem_stats', filesystemColumns, line);
  }

  /** What a collector would have told of a change. */
  addChange(container: SimulatedContainer, change: ContainerChange): void {
    const { name, service } = container.plan;
    switch (change.kind) {
      case 'died': {
        const { timeMs, exitCode, pid } = change;
        const process = { process: service.command, pid: String(pid), constraint: 'memcg' };
        this.#event(container.plan, {
          timeMs,
          kind: 'oom_kill',
          severity: 'error',
          message: `Process ${service.command} (pid ${pid}) was killed: the memory limit of ${name} was reached.`,
          attributes: process,
        });
        this.#event(container.plan, {
          timeMs,
          kind: 'container_oom',
          severity: 'error',
          message: `Container ${name} ran out of memory.`,
        });
        this.#event(container.plan, {
          timeMs,
          kind: 'container_die',
          severity: 'warning',
          message: `Container ${name} exited with code ${exitCode}.`,
          attributes: { exit_code: String(exitCode) },
        });
        return;
      }
      case 'started':
        this.#event(container.plan, {
          timeMs: change.timeMs,
          kind: 'container_start',
          severity: 'info',
          message: `Container ${name} started.`,
          attributes: { restart_count: String(container.restartCount) },
        });
        return;
      case 'health':
        this.#event(container.plan, {
          timeMs: change.timeMs,
          kind: 'health_status',
          severity: 'warning',
          message: `Container ${name} became ${change.health}.`,
          attributes: { health: change.health },
        });
        return;
      default:
        change satisfies never;
    }
  }

  addCreation(container: SimulatedContainer): void {
    const { plan, startedAtMs } = container;
    this.#event(plan, {
      timeMs: plan.createdAtMs,
      kind: 'container_create',
      severity: 'info',
      message: `Container ${plan.name} was created.`,
    });
    this.addChange(container, { kind: 'started', timeMs: startedAtMs });
  }

  #event(plan: ContainerPlan, told: Told): void {
    const { timeMs, kind, severity, message, attributes = {} } = told;
    const id = `demo-${plan.id.slice(0, 12)}-${kind}-${timeMs}`;
    const rest = [kind, severity, message, { source: 'demo', ...attributes }];
    const line =
      `${JSON.stringify([dateTime(timeMs), id]).slice(0, -1)},${this.#labelText(plan)},` +
      JSON.stringify(rest).slice(1);
    this.#publisher.add('events', eventColumns, line);
  }

  #labelText(plan: ContainerPlan): string {
    const known = this.#labels.get(plan.id);
    if (known !== undefined) return known;
    const labels: TargetLabels = {
      tenant: this.#tenant,
      host: plan.host,
      container_id: plan.id,
      container_name: plan.name,
      image: plan.image,
      compose_project: plan.project,
      compose_service: plan.service.name,
      kubernetes_namespace: '',
      kubernetes_pod: '',
      kubernetes_container: '',
    };
    const text = targetLabelNames.map((label) => JSON.stringify(labels[label])).join(',');
    this.#labels.set(plan.id, text);
    return text;
  }
}

interface Told {
  timeMs: number;
  kind: EventKind;
  severity: EventSeverity;
  message: string;
  attributes?: Record<string, string>;
}
