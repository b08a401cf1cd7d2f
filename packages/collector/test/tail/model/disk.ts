/** The files of one log and who writes them: real files, and a memory of what they hold. */
import {
  closeSync,
  copyFileSync,
  ftruncateSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { TailFormat } from '../../../src/tail/cut.ts';
import { statDescriptor } from '../../../src/tail/identity.ts';
import { Content } from './content.ts';
import { makeRecord, type RecordShape } from './records.ts';

export interface DiskOptions {
  folder: string;
  format: TailFormat;
  /** Rotated files that rotation keeps. */
  maxFiles: number;
  /** Every file begins with the same line. */
  hasBanner: boolean;
  /** Of all logs; also of files that are only held. */
  contents: Map<FileKey, Content>;
  /** Next number of a byte; shared by all logs of a schedule. */
  nextId: { value: number };
  onDestroyed: (loss: Destruction) => void;
  /** What is in the file is in a copy now, and about to be cut out of it. */
  onCopied: (content: Content, key: FileKey) => void;
  /** The writer wrote to a file that has no name. */
  onWrittenUnnamed: (written: Omit<Destruction, 'isUnlinked'>) => void;
}

/** The bytes of a file from a position on are not in it any more, or it has lost its last name. */
export interface Destruction {
  content: Content;
  from: number;
  key: FileKey;
  isUnlinked: boolean;
}

/** Inode and time of birth: an inode number alone is used again. */
export type FileKey = string;

export function keyOf({ inode, birthtimeNs }: { inode: bigint; birthtimeNs: bigint }): FileKey {
  return `${inode} ${birthtimeNs}`;
}

interface Named {
  content: Content;
  key: FileKey;
  isCompressed: boolean;
}

interface Writer {
  descriptor: number;
  key: FileKey;
}

export class Disk {
  readonly path: string;
  readonly #options: DiskOptions;
  readonly #names = new Map<string, Named>();
  /** Files whose content has moved, or was another: only a checkpoint can tell. */
  readonly #changed = new Set<FileKey>();
  /** Bytes that are in a file again after it was cut behind them. */
  readonly kept = new Set<number>();
  readonly #moved = new Set<number>();
  /** Bytes that were copied from a file that was removed later: what is left is nobody's copy. */
  readonly orphaned = new Set<number>();
  #writer: Writer | null = null;
  #rest: Buffer | null = null;
  #records = 0;

  constructor(name: string, options: DiskOptions) {
    this.path = `${options.folder}/${name}`;
    this.#options = options;
  }

  /** What has a name. */
  *living(): Generator<Content> {
    for (const { content } of this.#names.values()) yield content;
  }

  /** Bytes that come under another file id when no checkpoint says where they were before. */
  *ambiguousIds(): Generator<number> {
    for (const key of this.#changed) yield* this.#options.contents.get(key)?.ids() ?? [];
    yield* this.#moved;
  }

  has(key: FileKey): boolean {
    for (const named of this.#names.values()) if (named.key === key) return true;
    return false;
  }

  write(records: number, shape: RecordShape): void {
    this.#endRecord();
    const texts: string[] = [];
    for (let index = 0; index < records; index += 1) texts.push(this.#record(shape));
    this.#append(Buffer.from(texts.join('')));
  }

  /** A record of which the first `percent` are written now and the rest with what comes next. */
  writePart(shape: RecordShape, percent: number): void {
    this.#endRecord();
    const bytes = Buffer.from(this.#record(shape));
    const cut = Math.max(1, Math.min(bytes.length - 1, Math.floor((bytes.length * percent) / 100)));
    this.#append(bytes.subarray(0, cut));
    this.#rest = bytes.subarray(cut);
  }

  /** As Docker and logrotate do it; the writer goes on in the old file until it opens anew. */
  rotate(isReopened: boolean): void {
    if (!this.#names.has(this.path)) return;
    this.#shift();
    this.#rename(this.path, `${this.path}.1`);
    if (isReopened) this.reopen();
  }

  /** The writer opens the path, and makes it when there is none. */
  reopen(): void {
    this.#endRecord();
    this.#closeWriter();
    this.#openWriter();
  }

  reopenStale(): void {
    if (this.#writer && this.#names.get(this.path)?.key !== this.#writer.key) this.reopen();
  }

  copyAndTruncate(written: number, shape: RecordShape): void {
    const current = this.#names.get(this.path);
    if (!current) return;
    this.#shift();
    const copy = `${this.path}.1`;
    copyFileSync(this.path, copy);
    this.#name(copy, current.content.prefix(current.content.data.length));
    this.#options.onCopied(current.content, current.key);
    // What is written between the copy and the truncation is in neither.
    if (written > 0) this.write(written, shape);
    this.truncate(0);
  }

  truncate(percent: number): void {
    const current = this.#names.get(this.path);
    if (!current) return;
    const size = Math.floor((current.content.data.length * percent) / 100);
    truncateSync(this.path, size);
    this.#replace(current, current.content.prefix(size), size);
  }

  /** Cut to nothing and written longer than before, with no look between. */
  rewrite(shape: RecordShape): void {
    const current = this.#names.get(this.path);
    if (!current) return;
    const before = current.content.data.length;
    this.#endRecord();
    this.truncate(0);
    while (current.content.data.length <= before) this.write(1, shape);
  }

  delete(): void {
    if (this.#names.has(this.path)) this.#remove(this.path);
  }

  deleteAll(): void {
    this.#endRecord();
    this.#closeWriter();
    for (const name of this.#names.keys()) this.#remove(name);
  }

  /** The newest rotated file; `between` runs while both are there, the compressed one half written. */
  async compress(between: (() => Promise<void>) | null): Promise<void> {
    const plain = [...this.#names].find(
      ([name, { isCompressed, key }]) =>
        name !== this.path && !isCompressed && key !== this.#writer?.key,
    );
    if (!plain) return;
    const [name, { content }] = plain;
    const packed = gzipSync(content.data, { level: 1 });
    for (const id of content.ids()) this.#moved.add(id);
    if (between) {
      writeFileSync(`${name}.gz`, packed.subarray(0, packed.length / 2));
      await between();
    }
    writeFileSync(`${name}.gz`, packed);
    this.#name(`${name}.gz`, content.prefix(content.data.length), true);
    this.#remove(name);
  }

  /** Every record that was begun gets its end. */
  finish(): void {
    this.#endRecord();
    this.reopenStale();
    if (this.#names.has(this.path)) this.write(2, { width: 1, parts: 1 });
  }

  dispose(): void {
    this.#closeWriter();
  }

  #record(shape: RecordShape): string {
    this.#records += 1;
    const id = `${this.path.at(-5) ?? ''}${this.#records}`;
    return makeRecord(this.#options.format, id, shape);
  }

  #endRecord(): void {
    if (this.#rest) this.#append(this.#rest);
    this.#rest = null;
  }

  #append(bytes: Buffer): void {
    this.#rest = null;
    if (!this.#writer) this.#openWriter();
    const writer = this.#writer;
    if (!writer) throw new Error('expected a writer');
    const content = this.#options.contents.get(writer.key);
    if (!content) throw new Error('expected a file that is written to be known');
    const from = content.data.length;
    writeSync(writer.descriptor, bytes);
    content.append(bytes, this.#options.nextId.value);
    this.#options.nextId.value += bytes.length;
    if (!this.has(writer.key)) this.#options.onWrittenUnnamed({ content, from, key: writer.key });
  }

  #openWriter(): void {
    const descriptor = openSync(this.path, 'a');
    this.#writer = { descriptor, key: keyOf(statDescriptor(descriptor)) };
    if (this.#names.has(this.path)) return;
    ftruncateSync(descriptor, 0);
    this.#name(this.path, new Content());
    if (!this.#options.hasBanner) return;
    this.#append(Buffer.from(makeRecord(this.#options.format, 'banner', { width: 1, parts: 1 })));
  }

  #closeWriter(): void {
    if (this.#writer) closeSync(this.#writer.descriptor);
    this.#writer = null;
  }

  #shift(): void {
    const { maxFiles } = this.#options;
    for (let number = maxFiles; number >= 1; number -= 1) {
      for (const suffix of ['', '.gz']) {
        const name = `${this.path}.${number}${suffix}`;
        if (!this.#names.has(name)) continue;
        if (number === maxFiles) this.#remove(name);
        else this.#rename(name, `${this.path}.${number + 1}${suffix}`);
      }
    }
  }

  #name(name: string, content: Content, isCompressed = false): void {
    const { ino: inode, birthtimeNs } = statSync(name, { bigint: true });
    const key = keyOf({ inode, birthtimeNs });
    this.#names.set(name, { content, key, isCompressed });
    this.#options.contents.set(key, content);
  }

  #rename(from: string, to: string): void {
    const named = this.#names.get(from);
    if (!named) return;
    renameSync(from, to);
    this.#names.delete(from);
    this.#names.set(to, named);
  }

  #replace(named: Named, content: Content, lostFrom: number): void {
    const before = named.content;
    named.content = content;
    this.#changed.add(named.key);
    for (const id of before.ids()) this.#moved.add(id);
    for (const id of content.ids()) this.kept.add(id);
    this.#options.contents.set(named.key, content);
    this.#options.onDestroyed({
      content: before,
      from: lostFrom,
      key: named.key,
      isUnlinked: false,
    });
  }

  #remove(name: string): void {
    const named = this.#names.get(name);
    if (!named) return;
    rmSync(name);
    this.#names.delete(name);
    if (this.#changed.has(named.key)) for (const id of this.#moved) this.orphaned.add(id);
    this.#options.onDestroyed({
      content: named.content,
      from: 0,
      key: named.key,
      isUnlinked: true,
    });
  }
}
