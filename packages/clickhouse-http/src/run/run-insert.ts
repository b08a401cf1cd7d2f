/**
 * Data for an insert: it lies in a file on the disk before the engine begins, so that a body that
 * ends too early inserts nothing, and no SQL parser ever sees it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StagedFile } from '@plimsoll/storage';
import { ClickHouseException } from '../exception.ts';
import { unpackBlocks } from '../native-compression/block-compressor.ts';
import type { QueryContext, StagedBudget } from '../query-context.ts';
import { insertStatement, type InsertHeader } from '../statement/insert-header.ts';
import { refusalOfFunction } from '../statement/names.ts';
import { maxStatementBytes } from '@plimsoll/storage';
import { identifierOf, isSign, isWord, tokens } from '../statement/tokens.ts';
import { announce } from './output.ts';
import { runInEngine } from './run-in-engine.ts';

export interface InsertData {
  /** Behind the statement's header. */
  inline: Buffer;
  /** What follows, if anything. */
  rest: AsyncIterable<Buffer> | null;
  /** The whole of the data is the body as it came. */
  isWholeBody: boolean;
}

export async function runInsert(
  context: QueryContext,
  header: InsertHeader,
  data: InsertData,
): Promise<void> {
  const { service, response, connection, signal } = context;
  const output = announce(context, null);
  const isPassed = mayPass(context, header, data);
  const file = await service.raw.stage();
  const budget = new Budget(service.staged, service.limits.max_body);
  try {
    const chunks = isPassed ? context.body.raw() : plainData(context, data);
    await receive(file, chunks, budget);
    service.metrics.received(file.size);
    if (header.format === 'Values' && (await isHarmless(context, data))) {
      const names = ['interpret_expressions', 'deduce_templates_of_expressions'];
      const list = names.map((name) => `input_format_values_${name} = 1`).join(', ');
      await connection.text(`SET ${list}`, 'TabSeparated');
    }
    await service.places.insert.enter(signal);
    try {
      const source = { path: file.path, compression: isPassed ? encodingOf(context) : 'none' };
      const written = await runInEngine(context, async (tag) =>
        connection.run(`${tag}${insertStatement(header, source)}`),
      );
      output.finish(written);
    } finally {
      service.places.insert.leave();
    }
  } finally {
    budget.release();
    await file.close();
  }
  await response.end(output.beforeHeaders);
}

/**
 * Whether the body may go to the engine as it came. Text that was cut off while it was compressed
 * would pass for its first rows: it is decompressed here, which finds that out.
 */
function mayPass(
  { body, request, service }: QueryContext,
  header: InsertHeader,
  data: InsertData,
): boolean {
  if (!data.isWholeBody || request.http.decompress || body.encoding === null) return false;
  return service.catalogue.formats.get(header.format.toLowerCase())?.isText === false;
}

function encodingOf({ body }: QueryContext): string {
  return body.encoding ?? 'none';
}

async function* plainData(
  { request }: QueryContext,
  { inline, rest }: InsertData,
): AsyncGenerator<Buffer, void, undefined> {
  if (inline.length > 0) yield inline;
  if (rest) yield* request.http.decompress ? unpackBlocks(rest) : rest;
}

async function receive(
  file: StagedFile,
  chunks: AsyncIterable<Buffer>,
  budget: Budget,
): Promise<void> {
  for await (const chunk of chunks) {
    await budget.take(chunk.length);
    await file.write(chunk);
  }
}

/** How much one insert, and all of them together, may lay on the disk. */
class Budget {
  readonly #all: StagedBudget;
  readonly #maxBytes: number;
  #taken = 0;

  constructor(all: StagedBudget, maxBytes: number) {
    this.#all = all;
    this.#maxBytes = maxBytes;
  }

  /** Waits while the inserts under way fill what all may have. */
  async take(bytes: number): Promise<void> {
    if (this.#taken + bytes > this.#maxBytes) {
      throw new ClickHouseException(
        'QUERY_IS_TOO_LARGE',
        `The data of an insert: expected at most ${this.#maxBytes} bytes; send less at once`,
      );
    }
    for (let waited = 0; this.#all.bytes + bytes > this.#all.maxBytes; waited += waitStepMs) {
      if (waited >= maxWaitMs) {
        throw new ClickHouseException(
          'TOO_MANY_SIMULTANEOUS_QUERIES',
          'Too much data of inserts is under way; try again',
        );
      }
      await sleep(waitStepMs);
    }
    this.#taken += bytes;
    this.#all.bytes += bytes;
  }

  release(): void {
    this.#all.bytes -= this.#taken;
    this.#taken = 0;
  }
}

const waitStepMs = 20;
const maxWaitMs = 30_000;

/**
 * Values may be expressions, which the engine evaluates: only those that a SELECT of the same user
 * could have, without a subquery, and no longer than a statement.
 */
async function isHarmless(
  { user, database, service }: QueryContext,
  { inline, rest }: InsertData,
): Promise<boolean> {
  if (rest || inline.length > maxStatementBytes) return false;
  const { forbidden, tableFunctions } = service.catalogue;
  const names = { access: user.access, database, forbidden, tableFunctions };
  const all = [...tokens(inline.toString('utf8'))];
  return all.every((token, index) => {
    if (isWord(token, 'SELECT', 'WITH', 'FROM', 'APPLY')) return false;
    const name = identifierOf(token);
    if (name === null || !isSign(all[index + 1], '(')) return true;
    return refusalOfFunction(name, names, false) === null;
  });
}
