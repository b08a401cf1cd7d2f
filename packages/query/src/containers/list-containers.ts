import type {
  ContainerList,
  ContainerSort,
  ContainerSummary,
  LoadState,
} from '@plimsoll/model/api';
import { z } from 'zod';
import { stateRank } from '../fleet/load-state.ts';
import type { FleetContainer, FleetSnapshot } from '../fleet/snapshot.ts';
import { decodeCursor, encodeCursor } from '../http/cursor.ts';
import { serviceName } from '../logs/service-name.ts';

export interface ContainerListRequest {
  q: string;
  host: readonly string[];
  image: readonly string[];
  service: readonly string[];
  state: readonly LoadState[];
  sort: ContainerSort;
  order: 'asc' | 'desc';
  limit: number;
  cursor: string | undefined;
}

const cursorShape = z.tuple([z.union([z.number(), z.string()]), z.string()]);

/**
 * A page of containers by any saturation. The cursor is the sort value and id of the last one, so
 * that a page follows it even when values have moved since.
 */
export function listContainers(
  snapshot: FleetSnapshot,
  request: ContainerListRequest,
): ContainerList {
  const direction = request.order === 'asc' ? 1 : -1;
  const compare = (a: [number | string, string], b: [number | string, string]) =>
    compareValues(a[0], b[0]) * direction || compareValues(a[1], b[1]);
  const keyOf = (item: ContainerSummary): [number | string, string] => [
    sortValue(item, request.sort),
    item.id,
  ];
  const all = snapshot.containers
    .map(toSummary)
    .filter((item) => matches(item, request))
    .sort((a, b) => compare(keyOf(a), keyOf(b)));
  const after = request.cursor === undefined ? null : decodeCursor(request.cursor, cursorShape);
  const rest = after === null ? all : all.filter((item) => compare(keyOf(item), after) > 0);
  const items = rest.slice(0, request.limit);
  const last = items.at(-1);
  return {
    items,
    total: all.length,
    next: last && rest.length > items.length ? encodeCursor(keyOf(last)) : null,
  };
}

export function toSummary({ id, sample, target, verdict }: FleetContainer): ContainerSummary {
  const labels = sample ?? target;
  return {
    id,
    name: labels?.container_name ?? '',
    host: labels?.host ?? '',
    image: labels?.image ?? '',
    service: labels ? serviceName(labels) : '',
    compose_project: labels?.compose_project ?? '',
    kubernetes_namespace: labels?.kubernetes_namespace ?? '',
    kubernetes_pod: labels?.kubernetes_pod ?? '',
    runtime_state: target?.state ?? (sample ? 'running' : ''),
    health: target?.health ?? '',
    state: verdict.state,
    why: verdict.why,
    worst: verdict.worst,
    last_seen: Math.max(sample?.time ?? 0, target?.time_ms ?? 0),
    started_at: sample?.started_at ?? target?.started_ms ?? 0,
    restart_count: target?.restart_count ?? 0,
    memory_unreclaimable_bytes: sample?.memory ?? null,
    memory_usage_bytes: sample?.memory_usage ?? null,
    memory_working_set_bytes: sample?.memory_working_set ?? null,
    memory_limit_bytes: sample?.memory_limit ?? target?.memory_limit_bytes ?? 0,
    cpu_cores: sample?.cpu ?? null,
    cpu_limit_cores: sample?.cpu_limit ?? target?.cpu_limit_cores ?? 0,
    throttled_ratio: sample?.throttled ?? null,
    pids_current: sample?.pids ?? null,
    pids_limit: sample?.pids_limit ?? target?.pids_limit ?? 0,
    file_descriptors: sample?.file_descriptors ?? null,
    file_descriptors_limit: sample?.file_descriptors_limit ?? 0,
    network_receive_bytes_per_second: sample?.network_receive ?? null,
    network_transmit_bytes_per_second: sample?.network_transmit ?? null,
    io_read_bytes_per_second: sample?.io_read ?? null,
    io_write_bytes_per_second: sample?.io_write ?? null,
    log_bytes: sample?.log_bytes ?? null,
  };
}

function matches(item: ContainerSummary, request: ContainerListRequest): boolean {
  const oneOf = (values: readonly string[], value: string) =>
    values.length === 0 || values.includes(value);
  return (
    oneOf(request.host, item.host) &&
    oneOf(request.image, item.image) &&
    oneOf(request.service, item.service) &&
    oneOf(request.state, item.state) &&
    request.q
      .toLowerCase()
      .split(/\s+/)
      .every((word) => searchText(item).includes(word))
  );
}

function searchText(item: ContainerSummary): string {
  return `${item.name}\n${item.image}\n${item.host}\n${item.service}\n${item.id}`.toLowerCase();
}

function sortValue(item: ContainerSummary, sort: ContainerSort): number | string {
  // By what is used, not by its share of a limit: many containers have none. Nothing measured
  // comes after the least of what was measured.
  switch (sort) {
    // A state outranks any saturation; a share never reaches this step.
    case 'worst':
      return stateRank[item.state] * 1e9 + item.worst;
    case 'memory':
      return item.memory_unreclaimable_bytes ?? -1;
    case 'cpu':
      return item.cpu_cores ?? -1;
    case 'throttled':
      return item.throttled_ratio ?? -1;
    case 'pids':
      return item.pids_current ?? -1;
    case 'file_descriptors':
      return item.file_descriptors ?? -1;
    case 'restarts':
      return item.restart_count;
    case 'name':
      return item.name;
    default:
      return sort satisfies never;
  }
}

function compareValues(a: number | string, b: number | string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
