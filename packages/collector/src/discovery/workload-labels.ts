/** What Compose, Swarm and the kubelet leave on a container in the form of labels. */
import type { TargetLabels } from '@plimsoll/model';

type Labels = Readonly<Record<string, string>>;

export interface ContainerName {
  tenant: string;
  host: string;
  id: string;
  /** As Docker writes it, with or without the leading slash. */
  name: string;
  image: string;
}

/** The short set of labels, which travels with everything that is said about the container. */
export function workloadLabels(container: ContainerName, labels: Labels): TargetLabels {
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

const maxDependencies = 100;

/** Services of a Compose label such as `db:service_healthy:false,cache:service_started:true`. */
export function composeDependencies(labels: Labels): string[] {
  const written = labels['com.docker.compose.depends_on'] ?? '';
  const services = written.split(',').map((each) => each.split(':', 1)[0]?.trim() ?? '');
  return [...new Set(services)].filter((service) => service !== '').slice(0, maxDependencies);
}

export function swarmWorkload(labels: Labels): { swarmService: string; swarmTask: string } {
  return {
    swarmService: labels['com.docker.swarm.service.name'] ?? '',
    swarmTask: labels['com.docker.swarm.task.name'] ?? labels['com.docker.swarm.task.id'] ?? '',
  };
}

/** Of a container that the kubelet made through Docker. */
export function podWorkload(labels: Labels): { podUid: string; isSandbox: boolean } {
  return {
    podUid: labels['io.kubernetes.pod.uid'] ?? '',
    isSandbox:
      labels['io.kubernetes.docker.type'] === 'podsandbox' ||
      labels['io.kubernetes.container.name'] === 'POD',
  };
}
