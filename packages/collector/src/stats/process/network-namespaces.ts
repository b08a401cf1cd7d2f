/**
 * Which container reports the counters of a network namespace. Several may share one: those of a
 * pod, and Docker's `--network container:<id>`. The counters belong to the namespace, so that each
 * container reporting them would count them several times in every sum; exactly one does.
 *
 * It is the one that has the namespace as its own rather than joined; of several (a pod, whose
 * sandbox is not sampled) the one that started first, then by id. So the choice needs no memory:
 * a collector that starts again makes the same, and one that joins later takes nothing over.
 *
 * A container in the host's namespace reports none: `host_stats` has them.
 */
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Target } from '../../target.ts';

interface Member {
  readonly dockerId: string;
  readonly isJoined: boolean;
  readonly startedAtMs: number;
}

export class NetworkNamespaces {
  readonly #proc: string;
  readonly #members = new Map<string, Map<string, Member>>();
  readonly #namespaceOf = new Map<string, string>();

  constructor(proc: string) {
    this.#proc = proc;
  }

  /** Takes note of a container, until {@link remove}. */
  add(target: Target): void {
    this.remove(target.dockerId);
    const namespace = this.#find(target);
    if (namespace === undefined) return;
    const members = this.#members.get(namespace) ?? new Map<string, Member>();
    this.#members.set(namespace, members);
    this.#namespaceOf.set(target.dockerId, namespace);
    members.set(target.dockerId, {
      dockerId: target.dockerId,
      isJoined: target.networkMode.startsWith('container:'),
      startedAtMs: target.startedAtMs,
    });
  }

  remove(dockerId: string): void {
    const namespace = this.#namespaceOf.get(dockerId);
    if (namespace === undefined) return;
    this.#namespaceOf.delete(dockerId);
    const members = this.#members.get(namespace);
    members?.delete(dockerId);
    if (members?.size === 0) this.#members.delete(namespace);
  }

  /** True for the one container of its namespace that reports. */
  isReporter(dockerId: string): boolean {
    const namespace = this.#namespaceOf.get(dockerId);
    const members = namespace === undefined ? undefined : this.#members.get(namespace);
    const own = members?.get(dockerId);
    if (!members || !own) return false;
    for (const other of members.values()) {
      if (other !== own && order(other, own) < 0) return false;
    }
    return true;
  }

  /** True when no other container that is known shares its namespace. */
  isAlone(dockerId: string): boolean {
    const namespace = this.#namespaceOf.get(dockerId);
    return namespace !== undefined && this.#members.get(namespace)?.size === 1;
  }

  /** Undefined for the host's namespace, and where there is no process. */
  #find(target: Target): string | undefined {
    if (target.pid <= 0 || target.networkMode === 'host') return undefined;
    const own = this.#read(String(target.pid));
    // Not allowed to look: what the runtime says has to do.
    if (own === undefined) return declaredNamespace(target);
    return own === (this.#read('1') ?? this.#read('self')) ? undefined : own;
  }

  #read(pid: string): string | undefined {
    try {
      return readlinkSync(join(this.#proc, pid, 'ns/net'));
    } catch {
      return undefined;
    }
  }
}

function declaredNamespace(target: Target): string {
  if (target.networkMode.startsWith('container:')) {
    return target.networkMode.slice('container:'.length);
  }
  return target.podUid === '' ? target.dockerId : `pod:${target.podUid}`;
}

function order(left: Member, right: Member): number {
  if (left.isJoined !== right.isJoined) return left.isJoined ? 1 : -1;
  if (left.startedAtMs !== right.startedAtMs) return left.startedAtMs - right.startedAtMs;
  return left.dockerId < right.dockerId ? -1 : 1;
}
