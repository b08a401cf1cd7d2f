import type { TargetLabels } from '@plimsoll/model';

/** What replicas share: compose service, Kubernetes container, or the name without its number. */
export function serviceName(
  labels: Pick<TargetLabels, 'compose_service' | 'kubernetes_container' | 'container_name'>,
): string {
  if (labels.compose_service !== '') return labels.compose_service;
  if (labels.kubernetes_container !== '') return labels.kubernetes_container;
  return labels.container_name.replace(/[-_.][0-9]+$/, '');
}

/** The same in SQL; a test holds the two together. */
export const serviceNameSql = `multiIf(
  compose_service != '', toString(compose_service),
  kubernetes_container != '', toString(kubernetes_container),
  replaceRegexpOne(toString(container_name), '[-_.][0-9]+$', ''))`;

/**
 * Condition on serviceNameSql, written so that each function runs once per dictionary entry of a
 * low-cardinality column instead of once per row.
 */
export function serviceIn(parameter: string): string {
  return `(compose_service IN {${parameter}:Array(String)}
    OR (compose_service = '' AND kubernetes_container IN {${parameter}:Array(String)})
    OR (compose_service = '' AND kubernetes_container = ''
      AND replaceRegexpOne(container_name, '[-_.][0-9]+$', '') IN {${parameter}:Array(String)}))`;
}
