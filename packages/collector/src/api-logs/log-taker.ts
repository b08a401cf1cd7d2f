/**
 * From the messages of one container's answers to records with positions: leaves out what was taken
 * before, joins lines, and knows at each cut how the daemon is to be asked for what follows.
 *
 * Positions count within a generation. The first generation begins with the first message taken; a
 * new one begins after a gap, at position 0: what the daemon still has may differ from what it had
 * when the same positions were sent before a crash, and must not pass for a repeat of it. The file
 * id hashes host, container, generation and the generation's first message. So the same messages
 * always get the same id and positions, also when the checkpoint was lost, and others never do.
 */
import { createHash } from 'node:crypto';
import type { LogRecord } from '@plimsoll/model';
import type { LogMessage } from './message.ts';
import { RecordJoiner } from './record-joiner.ts';
import { advance, TakenPrefix, type ResumePoint } from './resume-point.ts';

/** Where the log may be cut, and how to go on from there. */
export interface LogCut {
  generation: number;
  /** Empty before the first message of the generation. */
  fileId: string;
  /** Everything before it was taken. */
  position: number;
  point: ResumePoint;
}

/** What was taken from one cut to the next. */
export interface RecordGroup {
  start: number;
  end: LogCut;
  /** In order of position; empty when a processor makes the records. */
  records: LogRecord[];
  /** The only message, when a processor makes the records. */
  message: LogMessage | null;
}

export interface LogTakerOptions {
  host: string;
  containerId: string;
  /** Of the checkpoint, or of the first look. */
  from: LogCut;
  joinsAcrossTimes: boolean;
  /** A processor makes the records, parts of lines too: each message is given as it is. */
  isProcessed: boolean;
  /** What was taken up to `cut` is no longer there to go on from. */
  onGap: (cut: LogCut) => void;
}

export class LogTaker {
  readonly #options: LogTakerOptions;
  #joiner: RecordJoiner;
  #generation: number;
  #fileId: string;
  /** Position of the last cut. */
  #cutAt: number;
  #point: ResumePoint;
  #prefix: TakenPrefix | null = null;

  constructor(options: LogTakerOptions) {
    const { from, joinsAcrossTimes } = options;
    this.#options = options;
    this.#generation = from.generation;
    this.#fileId = from.fileId;
    this.#cutAt = from.position;
    this.#point = from.point;
    this.#joiner = new RecordJoiner({ position: from.position, joinsAcrossTimes });
  }

  /** Of all that was taken. */
  get point(): ResumePoint {
    return this.#point;
  }

  get position(): number {
    return this.#joiner.position;
  }

  /** A new answer: it begins with what was taken already. */
  beginAnswer(): void {
    this.#prefix = new TakenPrefix(this.#point);
  }

  /** The answer ended, and all that was taken before and more was skipped, but not the last. */
  get hasLostPlace(): boolean {
    return this.#prefix !== null && this.#point.last !== null && this.#prefix.skipped > 0;
  }

  /** Where the next answer is to be taken as a whole, whatever was taken before. */
  startOver(): RecordGroup[] {
    return this.#beginGeneration({ latest: '', last: null, stdout: null, stderr: null });
  }

  take(message: LogMessage): RecordGroup[] {
    const verdict = this.#prefix?.judge(message) ?? 'new';
    if (verdict !== 'taken') this.#prefix = null;
    if (verdict === 'taken' || verdict === 'last') return [];
    const groups = verdict === 'gap' ? this.#beginGeneration(this.#point) : [];
    if (this.#joiner.mustEndBefore(message)) groups.push(...this.end());
    if (this.#fileId === '') this.#fileId = this.#makeFileId(message);
    this.#point = advance(this.#point, message);
    if (this.#options.isProcessed) {
      this.#joiner.skip(message);
      groups.push({ ...this.#group([]), message });
    } else {
      const records = this.#joiner.take(message);
      if (!this.#joiner.isOpen) groups.push(this.#group(records));
    }
    return groups;
  }

  /** Lines that are open are complete as they are: the container has stopped and all was read. */
  end(): RecordGroup[] {
    return this.#joiner.isOpen ? [this.#group(this.#joiner.end())] : [];
  }

  #group(records: LogRecord[]): RecordGroup {
    const start = this.#cutAt;
    this.#cutAt = this.#joiner.position;
    return { start, end: this.#cut(), records, message: null };
  }

  #cut(): LogCut {
    return {
      generation: this.#generation,
      fileId: this.#fileId,
      position: this.#cutAt,
      point: this.#point,
    };
  }

  #beginGeneration(point: ResumePoint): RecordGroup[] {
    const groups = this.end();
    this.#options.onGap(this.#cut());
    this.#generation += 1;
    this.#fileId = '';
    this.#cutAt = 0;
    this.#point = point;
    this.#joiner = new RecordJoiner({
      position: 0,
      joinsAcrossTimes: this.#options.joinsAcrossTimes,
    });
    return groups;
  }

  #makeFileId({ time, stream, text }: LogMessage): string {
    const { host, containerId } = this.#options;
    const parts = ['docker-api', host, containerId, this.#generation, time, stream, ''];
    const hash = createHash('sha256').update(parts.join('\0')).update(text);
    return hash.digest('hex').slice(0, 32);
  }
}
