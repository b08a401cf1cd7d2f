/**
 * The embedded engine without the comfort of `Engine`: for an interface that passes on statements,
 * formats and settings of ClickHouse as they are. Nothing here judges a statement.
 */
import type { Readable } from 'node:stream';
import type { Engine } from './engine.ts';

/** Null for an engine that is a server: that one has an interface of its own. */
export function rawAccessOf(engine: Engine): RawAccess | null {
  return hasRawAccess(engine) ? engine.raw : null;
}

export interface RawAccess {
  /** A connection of the caller's own, in the engine's state at its opening; costs about a millisecond. */
  connect(): Promise<RawConnection>;

  /** Makes pipes for results; each result that streams needs one for as long as it takes. */
  openPipes(count: number): Promise<RawPipe[]>;

  /** A file on the file system of the data that an insert reads, without a name. */
  stage(): Promise<StagedFile>;

  /**
   * Ends the statement of a tag, now or when it is about to start. Works while every thread of the
   * pool is occupied by statements.
   */
  kill(tag: string): Promise<void>;

  /** What the statements of these tags have read and written so far; those that run only. */
  progress(tags: readonly string[]): Promise<Map<string, RawProgress>>;
}

export interface RawConnection {
  /** Runs without a result that is wanted: SET, USE, DDL, INSERT. Several statements by `;`. */
  run(sql: string): Promise<RawWritten>;
  /** A small result as a whole, in a format that is no part of the statement. */
  text(sql: string, format: string): Promise<string>;
  /** The same, as bytes. */
  hold(sql: string, format: string): Promise<RawResult & { data: Buffer }>;
  /** Rows and bytes of the result of a statement that prints into a pipe. */
  print(sql: string): Promise<RawResult>;
  close(): void;
}

export interface RawWritten {
  writtenRows: number;
  writtenBytes: number;
}

export interface RawResult {
  resultRows: number;
  resultBytes: number;
}

export interface RawProgress {
  readRows: number;
  readBytes: number;
  writtenRows: number;
  writtenBytes: number;
  totalRows: number;
  peakMemoryBytes: number;
}

export interface RawPipe {
  readonly path: string;
  read(): Readable;
  finish(): void;
  close(): void;
  /**
   * Resolves when the statement has ended, however it did; lets one go that comes to the pipe only after
   * its reader has left.
   */
  ended(statement: Promise<unknown>): Promise<void>;
}

export interface StagedFile {
  readonly path: string;
  readonly size: number;
  /** Appends; @throws {StorageError} `disk_full`, `engine` */
  write(chunk: Buffer): Promise<void>;
  close(): Promise<void>;
}

interface EngineWithRawAccess extends Engine {
  readonly raw: RawAccess;
}

function hasRawAccess(engine: Engine): engine is EngineWithRawAccess {
  return 'raw' in engine;
}
