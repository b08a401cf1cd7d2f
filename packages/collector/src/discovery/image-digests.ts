/**
 * Digests of images, asked for once per image. An image gets its digest when it is pulled or pushed:
 * one without is asked for again after a while.
 */
import { messageOf, type Clock, type Logger } from '@plimsoll/runtime';
import { text, textList, whole } from './json-fields.ts';

export interface ImageFacts {
  id: string;
  /** `repository@sha256:…` */
  repoDigests: readonly string[];
  sizeBytes: number;
}

export interface ImageDigestsOptions {
  /** The image by id or name, or null when there is none. */
  inspect: (image: string, signal: AbortSignal) => Promise<unknown>;
  clock: Clock;
  logger: Logger;
  maxImages?: number;
}

const againAfterMs = 10 * 60_000;

export class ImageDigests {
  readonly #options: ImageDigestsOptions;
  readonly #facts = new Map<string, { facts: ImageFacts | null; untilMs: number }>();
  readonly #asked = new Map<string, Promise<ImageFacts | null>>();

  constructor(options: ImageDigestsOptions) {
    this.#options = options;
  }

  /** Of a container's image; '' when there is none or the daemon does not say. */
  async digestOf(
    container: { imageId: string; image: string },
    signal: AbortSignal,
  ): Promise<string> {
    const { imageId, image } = container;
    if (imageId === '') return '';
    const known = this.#facts.get(imageId);
    if (known && known.untilMs > this.#options.clock.monotonic()) {
      return chooseDigest(known.facts, image);
    }
    return chooseDigest(await this.inspect(imageId, signal), image);
  }

  /** Asks the daemon, once for all that ask at the same time, and remembers the answer by the id. */
  async inspect(image: string, signal: AbortSignal): Promise<ImageFacts | null> {
    const asked =
      this.#asked.get(image) ??
      this.#ask(image, signal).finally(() => {
        this.#asked.delete(image);
      });
    this.#asked.set(image, asked);
    return asked;
  }

  async #ask(image: string, signal: AbortSignal): Promise<ImageFacts | null> {
    const { inspect, logger } = this.#options;
    try {
      const description = await inspect(image, signal);
      const facts = description === null ? null : imageFacts(description);
      this.#remember(facts?.id ?? image, facts);
      return facts;
    } catch (error) {
      // Not remembered: it is asked for again with the next look at the container.
      logger.debug({ image, reason: messageOf(error) }, 'An image could not be inspected.');
      return null;
    }
  }

  #remember(id: string, facts: ImageFacts | null): void {
    const isFinal = facts !== null && facts.repoDigests.length > 0;
    const untilMs = isFinal ? Infinity : this.#options.clock.monotonic() + againAfterMs;
    this.#facts.delete(id);
    this.#facts.set(id, { facts, untilMs });
    const [oldest] = this.#facts.keys();
    const { maxImages = 2000 } = this.#options;
    if (oldest !== undefined && this.#facts.size > maxImages) this.#facts.delete(oldest);
  }
}

function imageFacts(description: unknown): ImageFacts {
  return {
    id: text(description, 'Id'),
    repoDigests: textList(description, 'RepoDigests'),
    sizeBytes: whole(description, 'Size'),
  };
}

/** One image may have been pulled from several repositories: that of the name is the right one. */
export function chooseDigest(facts: Pick<ImageFacts, 'repoDigests'> | null, image: string): string {
  const digests = (facts?.repoDigests ?? []).flatMap((repoDigest) => {
    const [repository = '', digest = ''] = repoDigest.split('@');
    return /^sha256:[0-9a-f]{64}$/.test(digest) ? [{ repository, digest }] : [];
  });
  const wanted = repositoryOf(image);
  return (digests.find(({ repository }) => repository === wanted) ?? digests[0])?.digest ?? '';
}

/** `registry:5000/shop/app:1@sha256:…` is of `registry:5000/shop/app`. */
function repositoryOf(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
}
