/**
 * Makes rows of the daemon's events: with the labels of the container, as far as it is known by then,
 * and with what only several events together say.
 */
import { hostLabels, type EventRow, type TargetLabels } from '@plimsoll/model';
import type { Target } from '../target.ts';
import type { ContainerFilter } from './container-filter.ts';
import { ContainerTimelines } from './container-timelines.ts';
import type { DockerEvent } from './docker-event.ts';
import { dockerEventRow, imagePullRow } from './docker-event-row.ts';
import { chooseDigest, type ImageDigests } from './image-digests.ts';
import type { PullWatch } from './pull-watch.ts';
import type { TenantChooser } from './tenant-chooser.ts';
import { workloadLabels } from './workload-labels.ts';

export interface DockerEventTellerOptions {
  tenant: string;
  host: string;
  tenants: TenantChooser;
  filter: ContainerFilter;
  /** A container that is known, or was a short while ago. */
  find: (containerId: string) => Target | undefined;
  isExcluded: (containerId: string) => boolean;
  images: ImageDigests;
  pulls: PullWatch;
}

/** Containers remembered by what their `create` event said, until they are described. */
const maxExpected = 1000;

export class DockerEventTeller {
  readonly #options: DockerEventTellerOptions;
  readonly #timelines = new ContainerTimelines();
  /** Null: not to be watched. */
  readonly #expected = new Map<string, TargetLabels | null>();

  constructor(options: DockerEventTellerOptions) {
    this.#options = options;
  }

  /** The row of an event of a container; null when there is nothing to be told. */
  tell(event: DockerEvent): EventRow | null {
    const labels = this.#labelsOf(event);
    if (labels === null) return null;
    if (event.type === 'network') {
      const isRepeated = this.#timelines.isRepeated(event);
      return isRepeated ? null : dockerEventRow(event, labels, {});
    }
    const known = this.#timelines.take(event);
    const target = this.#options.find(event.containerId);
    if (event.action === 'die' && target) known['restart_count'] = String(target.restartCount);
    return dockerEventRow(event, labels, known);
  }

  /** The row of an image's pull, with what the daemon knows of the image now. */
  async tellPull(event: DockerEvent, signal: AbortSignal): Promise<EventRow> {
    const { tenant, host, pulls, images } = this.#options;
    const download = pulls.take(event.timeMs);
    const facts = await images.inspect(event.actorId, signal);
    const image = facts && { ...facts, digest: chooseDigest(facts, event.actorId) };
    return imagePullRow(event, hostLabels(tenant, host), { image, download });
  }

  /** Null when the container is not watched. */
  #labelsOf(event: DockerEvent): TargetLabels | null {
    const { containerId } = event;
    const { find, isExcluded } = this.#options;
    const target = find(containerId);
    if (target) {
      this.#expected.delete(containerId);
      return target.labels;
    }
    if (isExcluded(containerId)) return null;
    const expected = this.#expected.get(containerId);
    if (expected !== undefined && event.type === 'network') return expected;
    const labels = this.#labelsBy(event);
    if (event.type === 'container') this.#expect(containerId, labels);
    return labels;
  }

  /** An event of a container says its labels, one of a network only its id. */
  #labelsBy({ type, containerId, attributes }: DockerEvent): TargetLabels | null {
    const { host, tenants, filter } = this.#options;
    const said = type === 'container' ? attributes : {};
    const { name = '', image = '', ...dockerLabels } = said;
    const tenant = tenants.tenantOf(containerId, dockerLabels);
    const labels = workloadLabels({ tenant, host, id: containerId, name, image }, dockerLabels);
    return filter({ labels, dockerLabels }) ? labels : null;
  }

  #expect(containerId: string, labels: TargetLabels | null): void {
    this.#expected.delete(containerId);
    this.#expected.set(containerId, labels);
    const [oldest] = this.#expected.keys();
    if (oldest !== undefined && this.#expected.size > maxExpected) this.#expected.delete(oldest);
  }
}
