/**
 * What stands between writers and checker. Ours is in plimsoll/; another pipeline is put there by
 * another implementation of this interface (and an adapter that reads its rows back).
 */
import type { HostPlace } from './writers/log-place.ts';

export interface Pipeline {
  readonly name: string;
  /** The simulated hosts whose logs it reads; writers lay their files out below `root`. */
  readonly hosts: readonly HostPlace[];
  /** What the nemesis may do to it. */
  readonly surface: FaultSurface;
  /** Resolves when everything runs and rows can be read. */
  start(): Promise<void>;
  /** Rows stored so far, quickly; null while the store cannot be asked. */
  storedCount(): Promise<number | null>;
  /** Milliseconds since 1970 up to which all that was written has left the hosts; 0: not known. */
  collectedUpToMs(): Promise<number>;
  /** Whether nothing is on its way any more: no row can come that is not there. */
  drained(): Promise<{ isDrained: boolean; detail: string }>;
  /**
   * Every stored row, all of one file before those of the next, and within a file in the order of
   * their positions (or, where there are none, in the order that readers get them in).
   */
  readRows(): AsyncIterable<readonly StoredRow[]>;
  /** Health of each role, what each is behind by: for a run that does not drain. */
  diagnose(): Promise<string>;
  /** What else must hold of what is stored, and does not. */
  otherFindings(): Promise<readonly string[]>;
  /** Folders and files worth keeping of a run that failed. */
  evidence(): readonly string[];
  /** @param keepIn folder to copy what is stored to; null: it is not wanted */
  stop(keepIn: string | null): Promise<void>;
}

export interface StoredRow {
  /** Which file of the log the row is of, as far as the pipeline knows files apart. */
  file: string;
  host: string;
  containerId: string;
  containerName: string;
  /** First byte of the record in its file; null: the pipeline does not keep it. */
  position: number | null;
  /** Of the message as it was written: CRC-32 and length in bytes. */
  crc: number;
  length: number;
  /** `<writer>/<file>/<number>` as the message itself says; empty: it says nothing. */
  identity: string;
}

export interface FaultSurface {
  roles: readonly Role[];
  links: readonly Link[];
  disks: readonly SmallDisk[];
  stores: readonly StoreFront[];
}

/** A process that can be tormented. */
export interface Role {
  readonly name: string;
  readonly kind: 'collector' | 'broker' | 'ingest' | 'engine' | 'writer';
  /** Null while it does not run. */
  pid(): number | null;
  /** Starts it again after it was ended; resolves when it was started, not when it is ready. */
  start(): Promise<void>;
  /** Resolves with how it ended. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<string>;
}

export const linkFaults = ['drop', 'drop_replies', 'drop_requests', 'reset', 'delay'] as const;
export type LinkFault = (typeof linkFaults)[number];

/** A connection between two roles that can be broken. */
export interface Link {
  readonly name: string;
  break(fault: LinkFault): void;
  /** Whole again. @returns what the fault did to traffic, 0: nothing passed meanwhile */
  heal(): number;
}

/** A file system of its own with little room. */
export interface SmallDisk {
  readonly name: string;
  /** Takes all room that is left. @returns bytes that are free afterwards */
  fill(): Promise<number>;
  /** Of an observation while it is full. */
  freeBytes(): number;
  free(): void;
}

export const storeFaults = [
  'error_500',
  'too_many_parts',
  'unavailable',
  'read_only',
  'answer_lost',
  'stall',
  'garbage',
] as const;
export type StoreFault = (typeof storeFaults)[number];

/** The way of one client to the store, which can be made to answer badly. */
export interface StoreFront {
  readonly name: string;
  misbehave(fault: StoreFault): void;
  /** @returns requests that were answered badly */
  behave(): number;
}
