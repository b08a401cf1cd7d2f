/** One thing that goes wrong: what it is, and what it needs to be made and undone. */
import type { FaultSurface, LinkFault, StoreFault } from '../pipeline.ts';

export type FaultKind =
  | { kind: 'kill'; role: string; downMs: number }
  | { kind: 'restart'; role: string }
  | { kind: 'pause'; role: string }
  | { kind: 'partition'; link: string; fault: LinkFault }
  | { kind: 'disk_full'; disk: string }
  | { kind: 'store'; front: string; fault: StoreFault };

export type PlannedFault = FaultKind & {
  /** Milliseconds after the nemesis began. */
  atMs: number;
  durationMs: number;
};

export interface FaultRecord {
  fault: PlannedFault;
  /** What shows that it took effect; null: nothing does, and it does not count. */
  evidence: string | null;
  beganAtMs: number;
  endedAtMs: number;
}

/** The thing that is broken: no two faults are at it at once. */
export function targetOf(fault: FaultKind): string {
  switch (fault.kind) {
    case 'kill':
    case 'restart':
    case 'pause':
      return fault.role;
    case 'partition':
      return fault.link;
    case 'disk_full':
      return fault.disk;
    case 'store':
      return fault.front;
    default:
      return fault satisfies never;
  }
}

/** Links that have a part in common share what cannot be broken twice. */
export function spotOf(fault: FaultKind): string {
  return targetOf(fault)
    .replace(/>brokers?(?:-\d+)?$/, '>brokers')
    .replace(/^.*@/, '@');
}

/** As it is counted: without the number of the role. */
export function labelOf(fault: FaultKind): string {
  const target = targetOf(fault).replaceAll(/-\d+/g, '');
  switch (fault.kind) {
    case 'kill':
    case 'restart':
    case 'pause':
    case 'disk_full':
      return `${fault.kind} ${target}`;
    case 'partition':
    case 'store':
      return `${fault.kind} ${fault.fault} ${target}`;
    default:
      return fault satisfies never;
  }
}

export type SurfaceNames = {
  roles: readonly { name: string; kind: FaultSurface['roles'][number]['kind'] }[];
  links: readonly { name: string }[];
  disks: readonly { name: string }[];
  stores: readonly { name: string }[];
};
