/**
 * Who a record is about. The same short set of labels travels with every log chunk, every
 * container sample and every event; the long form (all Docker labels, limits, digests) travels
 * once per change as a {@link TargetRow}.
 *
 * A label that is not known is the empty string: ClickHouse stores it at no cost and a filter on
 * it never needs `IS NULL`.
 */
export interface TargetLabels {
  /** Isolation boundary of everything Plimsoll stores. `default` unless configured. */
  tenant: string;
  /** Host name as configured, or the kernel's. */
  host: string;
  /** 64 hexadecimal digits for Docker; empty for the host itself and for plain log files. */
  container_id: string;
  /** Name without the leading slash; for a plain log file, its path. */
  container_name: string;
  /** Image reference as the container was created with, such as `shop/checkout:2.41.0`. */
  image: string;
  compose_project: string;
  compose_service: string;
  kubernetes_namespace: string;
  kubernetes_pod: string;
  kubernetes_container: string;
}

/** Column order of {@link TargetLabels} wherever labels are written as a row. */
export const targetLabelNames = [
  'tenant',
  'host',
  'container_id',
  'container_name',
  'image',
  'compose_project',
  'compose_service',
  'kubernetes_namespace',
  'kubernetes_pod',
  'kubernetes_container',
] as const satisfies readonly (keyof TargetLabels)[];

/** Labels of a host with nothing known but its tenant and name. */
export function hostLabels(tenant: string, host: string): TargetLabels {
  return {
    tenant,
    host,
    container_id: '',
    container_name: '',
    image: '',
    compose_project: '',
    compose_service: '',
    kubernetes_namespace: '',
    kubernetes_pod: '',
    kubernetes_container: '',
  };
}
