/**
 * Inspections of containers: a few at a time, and each container once, however often it is asked for
 * meanwhile, and once more if it was.
 */
import { messageOf, Semaphore, type Logger } from '@plimsoll/runtime';
import { at } from './json-fields.ts';

export interface InspectionsOptions {
  /** Looks at a container and takes in what it is now. */
  look: (containerId: string, signal: AbortSignal) => Promise<void>;
  logger: Logger;
  maxAtOnce: number;
}

interface Inspection {
  /** Something happened since the look began. */
  isStale: boolean;
  done: Promise<void>;
}

export class Inspections {
  readonly #options: InspectionsOptions;
  readonly #underWay = new Map<string, Inspection>();
  readonly #slots: Semaphore;

  constructor(options: InspectionsOptions) {
    this.#options = options;
    this.#slots = new Semaphore(options.maxAtOnce);
  }

  /** @throws when the daemon does not answer at all */
  inspect(id: string, signal: AbortSignal): Promise<void> {
    const underWay = this.#underWay.get(id);
    if (underWay) {
      underWay.isStale = true;
      return underWay.done;
    }
    const inspection: Inspection = { isStale: true, done: Promise.resolve() };
    this.#underWay.set(id, inspection);
    inspection.done = this.#untilCurrent(id, inspection, signal).finally(() => {
      this.#underWay.delete(id);
    });
    return inspection.done;
  }

  async #untilCurrent(id: string, inspection: Inspection, signal: AbortSignal): Promise<void> {
    const release = await this.#slots.acquire(1, signal);
    try {
      while (inspection.isStale) {
        inspection.isStale = false;
        await this.#options.look(id, signal);
      }
    } catch (error) {
      // The daemon answers, but not for this container: the others must not suffer.
      if (typeof at(error, 'statusCode') !== 'number') throw error;
      const reason = messageOf(error);
      this.#options.logger.warn({ container: id, reason }, 'A container could not be inspected.');
    } finally {
      release();
    }
  }
}
