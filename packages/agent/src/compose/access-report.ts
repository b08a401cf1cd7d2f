import { checkAccess, describeFinding } from '@plimsoll/collector';
import type { Finding } from '@plimsoll/collector';
import { messageOf, systemClock } from '@plimsoll/runtime';
import type { CheckResult, Clock, Config, Logger } from '@plimsoll/runtime';

export interface AccessReportOptions {
  config: Config['collector'];
  dataDir: string;
  logger: Logger;
  clock?: Clock;
  check?: typeof checkAccess;
}

/** Looked at again when somebody asks and the last look is older. */
const maxAgeMs = 60_000;

/**
 * What this process cannot reach of the host, and what is not collected for that: in the log when it
 * begins, and as the reason of a readiness that stays: a restart would mend none of it.
 */
export class AccessReport {
  readonly #options: AccessReportOptions;
  #config: Config['collector'];
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  readonly #told = new Set<string>();
  #findings: readonly Finding[] = [];
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: AccessReportOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#clock = options.clock ?? systemClock;
  }

  stop(): void {
    this.#stopping.abort();
  }

  /** After a reload. */
  async use(config: Config['collector']): Promise<void> {
    this.#config = config;
    await this.look();
  }

  /** Never rejects. */
  async look(): Promise<void> {
    const { dataDir, logger, check = checkAccess } = this.#options;
    this.#lookedAtMs = this.#clock.monotonic();
    try {
      const { signal } = this.#stopping;
      this.#findings = await check({ config: this.#config, dataDir, signal });
      if (!signal.aborted) this.#tell();
    } catch (error) {
      logger.warn(
        { reason: messageOf(error) },
        'What can be reached of the host was not found out.',
      );
    }
  }

  /** The last look; looks again for the next one when it is old. */
  result(): CheckResult {
    if (this.#clock.monotonic() - this.#lookedAtMs > maxAgeMs) void this.look();
    const missing = this.#findings.filter(({ level }) => level !== 'ok');
    if (missing.length === 0) return { ok: true };
    return { ok: true, reason: missing.map(describeFinding).join('. ') };
  }

  #tell(): void {
    for (const { subject, level, message, lost, remedy } of this.#findings) {
      const key = `${subject} ${message}`;
      if (level === 'ok' || lost === '' || this.#told.has(key)) continue;
      this.#told.add(key);
      this.#options.logger.warn(
        { subject, reason: message, notCollected: lost, remedy },
        'A part of the host could not be reached.',
      );
    }
  }
}
