/**
 * What a runtime wrote of a container for runc, in the annotations of its OCI specification:
 *
 *     /run/containerd/io.containerd.runtime.v2.task/k8s.io/<id>/config.json    containerd
 *     /run/k3s/containerd/…                                                    k3s, RKE2
 *     /run/containers/storage/overlay-containers/<id>/userdata/config.json     CRI-O
 *
 * It says without the API server which image a container has and whether it is a pod's sandbox.
 * Only root may read it, and it need not be mounted.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isTrue, text, textMap } from '../json-fields.ts';

export interface BundleFacts {
  readonly isSandbox: boolean;
  readonly isTty: boolean;
  readonly image: string;
  readonly container: string;
  readonly namespace: string;
  readonly pod: string;
  readonly podUid: string;
}

const places = [
  (id: string) => `run/containerd/io.containerd.runtime.v2.task/k8s.io/${id}/config.json`,
  (id: string) => `run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/${id}/config.json`,
  (id: string) => `run/containers/storage/overlay-containers/${id}/userdata/config.json`,
];

/** Null where no runtime left one that can be read. */
export async function readBundle(host: string, id: string): Promise<BundleFacts | null> {
  for (const place of places) {
    try {
      return parseBundle(JSON.parse(await readFile(join(host, place(id)), 'utf8')));
    } catch {
      continue;
    }
  }
  return null;
}

/** Names of the annotations: pkg/cri/annotations of containerd, pkg/annotations of CRI-O. */
export function parseBundle(specification: unknown): BundleFacts | null {
  const annotations = textMap(specification, 'annotations');
  const isTty = isTrue(specification, 'process', 'terminal');
  const first = (...names: string[]): string => {
    for (const name of names) {
      const value = annotations[name];
      if (value !== undefined) return value;
    }
    return '';
  };
  const type = first('io.kubernetes.cri.container-type', 'io.kubernetes.cri-o.ContainerType');
  if (type === '') return null;
  // CRI-O writes the labels of the pod as JSON.
  const labels = textMap(parseJson(first('io.kubernetes.cri-o.Labels')));
  return {
    isSandbox: type === 'sandbox',
    isTty,
    image: first('io.kubernetes.cri.image-name', 'io.kubernetes.cri-o.ImageName'),
    container:
      first('io.kubernetes.cri.container-name', 'io.kubernetes.container.name') ||
      text(labels, 'io.kubernetes.container.name'),
    namespace:
      first('io.kubernetes.cri.sandbox-namespace', 'io.kubernetes.pod.namespace') ||
      text(labels, 'io.kubernetes.pod.namespace'),
    pod:
      first('io.kubernetes.cri.sandbox-name', 'io.kubernetes.pod.name') ||
      text(labels, 'io.kubernetes.pod.name'),
    podUid:
      first('io.kubernetes.cri.sandbox-uid', 'io.kubernetes.pod.uid') ||
      text(labels, 'io.kubernetes.pod.uid'),
  };
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
