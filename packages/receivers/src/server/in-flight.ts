import { ReceiverError } from '../receiver-error.ts';

/** A share of the room, given back once. */
export interface Reservation {
  /** @throws {ReceiverError} `overloaded` when there is no room for that many more */
  grow(bytes: number): void;
  /** Sets the share to what it is now known to need. @throws {ReceiverError} `overloaded` */
  resize(bytes: number): void;
  release(): void;
}

/** Bytes of all requests that were received and are not durable yet: the receivers' whole memory. */
export class InFlight {
  readonly #maxBytes: number;
  #bytes = 0;
  #requests = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get requests(): number {
    return this.#requests;
  }

  open(): Reservation {
    let held = 0;
    let isOpen = true;
    this.#requests += 1;
    const resize = (bytes: number): void => {
      const others = this.#bytes - held;
      // A request that is alone may pass, whatever the limit: it would never find more room.
      if (bytes > held && others > 0 && others + bytes > this.#maxBytes) throw noRoom();
      this.#bytes = others + bytes;
      held = bytes;
    };
    return {
      grow: (bytes) => {
        resize(held + bytes);
      },
      resize,
      release: () => {
        if (!isOpen) return;
        isOpen = false;
        this.#bytes -= held;
        this.#requests -= 1;
      },
    };
  }
}

function noRoom(): ReceiverError {
  return new ReceiverError(
    'overloaded',
    'too many bytes are under way (receivers.limits.max_in_flight); send it again later',
    { retryAfterSeconds: 1 },
  );
}
