/** Frames gathered for one journal file, and those who wait for it. */
export class OpenBatch {
  readonly frames: Buffer[] = [];
  /** As they stand: what the journal will hold. */
  bytes = 0;
  /** Before compression: what an insert will work on. */
  rawBytes = 0;
  timer: NodeJS.Timeout | undefined;
  readonly written: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;

  constructor() {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.written = promise;
    this.resolve = resolve;
    this.reject = reject;
    // Every publisher may have left already.
    promise.catch(() => undefined);
  }

  add(frame: Buffer, rawBytes: number): void {
    this.frames.push(frame);
    this.bytes += frame.length;
    this.rawBytes += rawBytes;
  }
}
