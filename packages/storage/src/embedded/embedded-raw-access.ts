/**
 * What must be known (chdb 3.4): a statement occupies a thread of libuv's pool until it ends, so a
 * KILL that waits for one behind statements that wait for it would wait for ever; and a statement
 * whose reader has left goes on. A killed statement ends only when its pipe is read or closed.
 */
import { Session } from 'chdb';
import type {
  RawAccess,
  RawConnection,
  RawPipe,
  RawProgress,
  RawResult,
  RawWritten,
  StagedFile,
} from '../raw-access.ts';
import { sqlString } from '../parameters.ts';
import { StorageError } from '../storage-error.ts';
import { killStatement, tagComment } from './embedded-connection.ts';
import { runNative } from './native-statement.ts';
import { openResultPipes } from './result-pipes.ts';
import { openStagedBody } from './staged-body.ts';

/** How long a KILL may wait for a thread of the pool before it is run in this one. */
const killPatienceMs = 200;

export class EmbeddedRawAccess implements RawAccess {
  readonly #path: string;
  readonly #afterWriting: () => Promise<void>;
  readonly #killer: Session;
  readonly #watcher: Session;
  readonly #open = new Set<EmbeddedRawConnection>();
  #isClosed = false;

  /** @param afterWriting resolves when what a statement wrote may be acknowledged */
  constructor(path: string, afterWriting: () => Promise<void>) {
    this.#path = path;
    this.#afterWriting = afterWriting;
    this.#killer = new Session(path);
    this.#watcher = new Session(path);
  }

  async connect(): Promise<RawConnection> {
    if (this.#isClosed) throw new StorageError('closed', 'the engine is closed');
    const connection = new EmbeddedRawConnection(new Session(this.#path), {
      afterWriting: this.#afterWriting,
      onClose: () => this.#open.delete(connection),
    });
    this.#open.add(connection);
    return connection;
  }

  async openPipes(count: number): Promise<RawPipe[]> {
    return openResultPipes(this.#path, count);
  }

  async stage(): Promise<StagedFile> {
    return openStagedBody(this.#path);
  }

  async kill(tag: string): Promise<void> {
    const sql = killStatement(tag);
    const queued = this.#killer.queryAsync(sql).then(
      () => true,
      () => true,
    );
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), killPatienceMs);
    });
    const isDone = await Promise.race([queued, patience]);
    clearTimeout(timer);
    // A few milliseconds in this thread: the statement is only marked.
    if (!isDone && !this.#isClosed) runHere(this.#path, sql);
  }

  async progress(tags: readonly string[]): Promise<Map<string, RawProgress>> {
    const found = new Map<string, RawProgress>();
    if (tags.length === 0 || this.#isClosed) return found;
    const comments = tags.map((tag) => sqlString(tagComment(tag))).join(', ');
    const result = await this.#watcher.queryAsync(
      `SELECT extract(query, '^/\\\\* (\\\\S+)') AS tag, read_rows, read_bytes, written_rows,
         written_bytes, total_rows_approx, peak_memory_usage FROM system.processes
       WHERE arrayExists(comment -> startsWith(query, comment), [${comments}])`,
      { format: 'TabSeparated' },
    );
    for (const line of result.text().split('\n')) {
      const [tag, ...numbers] = line.split('\t');
      if (tag) found.set(tag, progressOf(numbers.map(Number)));
    }
    return found;
  }

  /** After the owner of every connection has ended its statements. */
  close(): void {
    this.#isClosed = true;
    for (const connection of this.#open) connection.close();
    this.#killer.close();
    this.#watcher.close();
  }
}

interface RawConnectionHooks {
  afterWriting: () => Promise<void>;
  onClose: () => void;
}

class EmbeddedRawConnection implements RawConnection {
  readonly #session: Session;
  readonly #hooks: RawConnectionHooks;

  constructor(session: Session, hooks: RawConnectionHooks) {
    this.#session = session;
    this.#hooks = hooks;
  }

  async run(sql: string): Promise<RawWritten> {
    const written = await runNative(this.#session, sql);
    if (written.writtenRows > 0) await this.#hooks.afterWriting();
    return written;
  }

  async text(sql: string, format: string): Promise<string> {
    return (await this.#session.queryAsync(sql, { format })).text();
  }

  async hold(sql: string, format: string): Promise<RawResult & { data: Buffer }> {
    const result = await this.#session.queryAsync(sql, { format });
    return {
      data: Buffer.from(result.bytes()),
      resultRows: result.rowsRead,
      resultBytes: result.bytesRead,
    };
  }

  async print(sql: string): Promise<RawResult> {
    const result = await this.#session.queryAsync(sql);
    return { resultRows: result.rowsRead, resultBytes: result.bytesRead };
  }

  close(): void {
    this.#session.close();
    this.#hooks.onClose();
  }
}

/** A connection of its own: the usual one may be waiting for a thread itself. */
function runHere(path: string, sql: string): void {
  const session = new Session(path);
  try {
    session.query(sql);
  } finally {
    session.close();
  }
}

function progressOf(numbers: readonly number[]): RawProgress {
  const [readRows = 0, readBytes = 0, writtenRows = 0, writtenBytes = 0] = numbers;
  const [totalRows = 0, peakMemoryBytes = 0] = numbers.slice(4);
  return { readRows, readBytes, writtenRows, writtenBytes, totalRows, peakMemoryBytes };
}
