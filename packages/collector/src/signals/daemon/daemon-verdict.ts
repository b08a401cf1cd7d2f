/**
 * What a series of looks at the daemon comes to. A state machine, pure:
 *
 * ```
 * healthy --3 looks in a row find it stuck--> stuck(level) --2 find it well--> healthy
 *                                             stuck(level) --3 find another level--> stuck(level')
 * ```
 *
 * A look that is not clear (the daemon starts or ends) counts neither way. A daemon that does not
 * run is absent, not stuck; an episode ends when it is seen well again.
 */

/** How deep it sits; the first that fits is told. */
export type StuckLevel =
  /** Not even a ping is answered. */
  | 'frozen'
  /** The daemon itself: pings are answered, its lists are not. */
  | 'daemon_lock'
  /** Whatever needs containerd hangs: nothing can be started or stopped. */
  | 'containerd'
  /** One container can be neither inspected nor stopped. */
  | 'container_lock'
  /** Containers begin and end without an event. */
  | 'events_silent';

/** What one look found. */
export type Finding =
  | { kind: 'healthy' }
  | { kind: 'absent'; code: string }
  | { kind: 'unclear'; reason: string }
  | { kind: 'stuck'; level: StuckLevel; call: string; containerId: string };

export interface Episode {
  level: StuckLevel;
  /** The call that was not answered. */
  call: string;
  /** Of a container_lock or of events_silent; empty otherwise. */
  containerId: string;
  /** First look of it. */
  sinceMs: number;
  /** Last look before it that found the daemon well; 0 for none. */
  lastGoodMs: number;
}

export type VerdictChange =
  | { kind: 'stuck'; episode: Episode; previous: Episode | undefined }
  | { kind: 'recovered'; episode: Episode; durationMs: number };

/** In a row, before it is told; a single slow answer is none. */
const stuckAfterLooks = 3;
const recoveredAfterLooks = 2;

export type VerdictState = 'unknown' | 'healthy' | 'absent' | 'stuck';

export class DaemonVerdict {
  #state: VerdictState = 'unknown';
  #open: Episode | undefined;
  /** When the episode that is open began, whatever level it has now. */
  #openedMs = 0;
  #lastGoodMs = 0;
  #bad = 0;
  #firstBadMs = 0;
  #good = 0;
  /** Looks in a row that found the same other level than the open one. */
  #other = { key: '', looks: 0, sinceMs: 0 };

  get state(): VerdictState {
    return this.#state;
  }

  /** The episode that was told and has not ended. */
  get episode(): Episode | undefined {
    return this.#open;
  }

  take(finding: Finding, nowMs: number): VerdictChange | undefined {
    switch (finding.kind) {
      case 'unclear':
        return undefined;
      case 'absent':
        this.#state = 'absent';
        this.#bad = 0;
        this.#good = 0;
        return undefined;
      case 'healthy':
        return this.#takeGood(nowMs);
      case 'stuck':
        return this.#takeBad(finding, nowMs);
      default:
        return finding satisfies never;
    }
  }

  #takeGood(nowMs: number): VerdictChange | undefined {
    this.#bad = 0;
    this.#lastGoodMs = nowMs;
    this.#other = { key: '', looks: 0, sinceMs: 0 };
    const episode = this.#open;
    if (episode) {
      this.#good++;
      if (this.#good < recoveredAfterLooks) return undefined;
    }
    this.#state = 'healthy';
    this.#good = 0;
    this.#open = undefined;
    return episode && { kind: 'recovered', episode, durationMs: nowMs - this.#openedMs };
  }

  #takeBad(finding: Extract<Finding, { kind: 'stuck' }>, nowMs: number): VerdictChange | undefined {
    this.#good = 0;
    this.#bad++;
    if (this.#bad === 1) this.#firstBadMs = nowMs;
    const { level, call, containerId } = finding;
    if (!this.#open) {
      if (this.#bad < stuckAfterLooks) return undefined;
      this.#openedMs = this.#firstBadMs;
      return this.#tell({ level, call, containerId }, this.#firstBadMs);
    }
    this.#state = 'stuck';
    if (keyOf(finding) === keyOf(this.#open)) {
      this.#other = { key: '', looks: 0, sinceMs: 0 };
      return undefined;
    }
    const { key, looks, sinceMs } = this.#other;
    const isSame = key === keyOf(finding);
    this.#other = {
      key: keyOf(finding),
      looks: isSame ? looks + 1 : 1,
      sinceMs: isSame ? sinceMs : nowMs,
    };
    if (this.#other.looks < stuckAfterLooks) return undefined;
    return this.#tell({ level, call, containerId }, this.#other.sinceMs);
  }

  #tell(found: Pick<Episode, 'level' | 'call' | 'containerId'>, sinceMs: number): VerdictChange {
    const previous = this.#open;
    this.#other = { key: '', looks: 0, sinceMs: 0 };
    this.#state = 'stuck';
    this.#open = { ...found, sinceMs, lastGoodMs: this.#lastGoodMs };
    return { kind: 'stuck', episode: this.#open, previous };
  }
}

function keyOf({ level, containerId }: { level: StuckLevel; containerId: string }): string {
  return `${level} ${containerId}`;
}
