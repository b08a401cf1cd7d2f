/** The engine asked over its HTTP interface, past the proxies. */
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { StoredRow } from '../pipeline.ts';

const countTimeoutMs = 3000;
/** Of one file or many: what the engine sorts at once. */
const rowsPerQuery = 200_000;
const rowsPerBatch = 5000;

const written = `if(message_raw = '', message, message_raw)`;
const identity = `extract(substring(${written}, 1, 160), '@(\\\\d+/\\\\d+/\\\\d+)/[0-9a-f]{8} ')`;

export class StoreClient {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(url: string, user: { username: string; password: string }) {
    this.#url = url;
    this.#headers = {
      'X-ClickHouse-User': user.username,
      'X-ClickHouse-Key': user.password,
    };
  }

  async isThere(): Promise<boolean> {
    try {
      const signal = AbortSignal.timeout(countTimeoutMs);
      return (await fetch(`${this.#url}/ping`, { signal })).ok;
    } catch {
      return false;
    }
  }

  /** Rows of `logs`; null while it cannot be asked. */
  async count(): Promise<number | null> {
    try {
      const [row] = await this.rows('SELECT count() FROM logs', countTimeoutMs);
      return Number(row?.[0]);
    } catch {
      return null;
    }
  }

  /** All files in turn, a few at once. */
  async *readRows(): AsyncGenerator<readonly StoredRow[]> {
    const files = await this.rows(
      'SELECT container_id, file_id, count() FROM logs GROUP BY container_id, file_id ORDER BY container_id, file_id',
    );
    for (const group of groupFiles(files)) yield* this.#rowsOf(group);
  }

  /** A small result, by columns as text. */
  async rows(query: string, timeoutMs = 120_000): Promise<string[][]> {
    const text = await (await this.#ask(query, timeoutMs)).text();
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('\t'));
  }

  async *#rowsOf(files: readonly FileOfLog[]): AsyncGenerator<readonly StoredRow[]> {
    const list = (values: readonly string[]): string =>
      [...new Set(values)].map((value) => `'${value}'`).join(',');
    const query = `SELECT file_id, host, container_id, container_name, position, CRC32(${written}), length(${written}), ${identity}
      FROM logs WHERE container_id IN (${list(files.map(({ container }) => container))}) AND file_id IN (${list(files.map(({ file }) => file))})
      ORDER BY file_id, position FORMAT TSV`;
    const { body } = await this.#ask(query, 600_000);
    if (!body) return;
    let batch: StoredRow[] = [];
    for await (const line of createInterface({ input: Readable.from(body) })) {
      batch.push(parseRow(line));
      if (batch.length < rowsPerBatch) continue;
      yield batch;
      batch = [];
    }
    yield batch;
  }

  async #ask(query: string, timeoutMs: number): Promise<Response> {
    const url = `${this.#url}/?database=plimsoll`;
    const signal = AbortSignal.timeout(timeoutMs);
    const request = { method: 'POST', body: query, headers: this.#headers, signal };
    // A connection that was kept may be closed at the very moment it is used again.
    const response = await fetch(url, request).catch(async () => fetch(url, request));
    if (response.ok) return response;
    throw new Error(`store: expected 200, got ${response.status} ${await response.text()}`);
  }
}

interface FileOfLog {
  container: string;
  file: string;
  rows: number;
}

function* groupFiles(files: readonly string[][]): Generator<FileOfLog[]> {
  let group: FileOfLog[] = [];
  let size = 0;
  for (const [container = '', file = '', count] of files) {
    const rows = Number(count);
    if (group.length > 0 && size + rows > rowsPerQuery) {
      yield group;
      group = [];
      size = 0;
    }
    group.push({ container, file, rows });
    size += rows;
  }
  if (group.length > 0) yield group;
}

function parseRow(line: string): StoredRow {
  const [file = '', host = '', containerId = '', containerName = '', ...rest] = line.split('\t');
  const [position, crc, length, said = ''] = rest;
  return {
    file,
    host,
    containerId,
    containerName,
    identity: said,
    position: Number(position),
    crc: Number(crc),
    length: Number(length),
  };
}
