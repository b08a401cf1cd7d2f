import type { EventRow } from '@plimsoll/model';
import type { Target } from '../target.ts';

/**
 * - connected: the list of containers is current;
 * - absent: there is no container runtime here, which is a condition and not an error;
 * - unreachable: there is one and it does not answer; what is known is from before.
 */
export type DiscoveryState = 'connected' | 'absent' | 'unreachable';

export interface DiscoveryStatus {
  readonly state: DiscoveryState;
  /** Version of the runtime, empty when not known. */
  readonly version: string;
  /** Folder of the runtime's data as the host names it, empty when not known. */
  readonly root: string;
  /** Why it is not connected, for people; empty when it is. */
  readonly reason: string;
  /** Containers that the configuration leaves out; absent: none. */
  readonly excluded?: number;
  /** Containers beyond the limit, which are not watched; absent: none. */
  readonly refused?: number;
  /** What it cannot find out although it is connected, each with the remedy; absent: nothing. */
  readonly problems?: readonly string[];
}

export type DiscoveryChange =
  /** A container is new, or anything of it changed; the last change says `removed`. */
  | { readonly kind: 'target'; readonly target: Target; readonly previous: Target | undefined }
  /**
   * A container that was created a moment ago and is not described yet. What is known is enough to
   * follow its log: one that writes fast could rotate its first lines away before it is described.
   */
  | { readonly kind: 'expected'; readonly target: Target }
  /** `onDurable`, where there is one, is to be called when the event's row is durable, or given up. */
  | { readonly kind: 'event'; readonly event: EventRow; readonly onDurable?: () => void }
  | { readonly kind: 'status'; readonly status: DiscoveryStatus }
  /** Everything that runs now is known. */
  | { readonly kind: 'synced' };

/** Finds the containers of this host and says what happens to them. */
export interface Discovery {
  start(onChange: (change: DiscoveryChange) => void): Promise<void> | void;
  stop(): Promise<void>;
  /** Containers that exist now, running or not. */
  targets(): readonly Target[];
  /** A container that exists, or that was removed a short while ago. */
  find(containerId: string): Target | undefined;
  status(): DiscoveryStatus;
  /** Where to go on after a restart, for the checkpoint; empty when there is nothing to keep. */
  bookmark(): string;
  /**
   * Wall time of the last event that a daemon sent, told or not: 0 for none yet. Absent where there
   * is no daemon that sends events.
   */
  lastEventMs?(): number;
}
