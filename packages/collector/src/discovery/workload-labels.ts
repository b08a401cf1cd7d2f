import type { TargetLabels } from '@plimsoll/model';

export interface ContainerName {
  tenant: string;
  host: string;
  id: string;
  /** As Docker writes it, with or without the leading slash. */
  name: string;
  image: string;
}

/** The short set of labels: Compose and the kubelet leave theirs on the container. */
export function workloadLabels(
  container: ContainerName,
  labels: Readonly<Record<string, string>>,
): TargetLabels {
  return {
    tenant: container.tenant,
    host: container.host,
    container_id: container.id,
    container_name: container.name.replace(/^\//, ''),
    image: container.image,
    compose_project: labels['com.docker.compose.project'] ?? '',
    compose_service: labels['com.docker.compose.service'] ?? '',
    kubernetes_namespace: labels['io.kubernetes.pod.namespace'] ?? '',
    kubernetes_pod: labels['io.kubernetes.pod.name'] ?? '',
    kubernetes_container: labels['io.kubernetes.container.name'] ?? '',
  };
}
