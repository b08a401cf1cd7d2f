/** A result of any size, printed by the engine into a pipe and passed on as it comes. */
import type { Readable } from 'node:stream';
import { StorageError, type RawResult, type RawPipe } from '@plimsoll/storage';
import type { QueryContext } from '../query-context.ts';
import type { Judged } from '../statement/judge.ts';
import { announce, outputFormat } from './output.ts';
import { runInEngine } from './run-in-engine.ts';

export async function runSelect(context: QueryContext, judged: Judged): Promise<void> {
  const { service, response, connection } = context;
  const format = outputFormat(context, judged);
  const output = announce(context, format);
  const pipe = service.pipes.pop();
  // There are as many as places, and this request has one.
  if (!pipe) throw new StorageError('busy', 'results: no pipe is free');
  try {
    const reader = pipe.read();
    const into = `INTO OUTFILE '${pipe.path}' APPEND COMPRESSION 'none' FORMAT ${format.name}`;
    const printed = runInEngine(
      context,
      async (tag) => connection.print(`${tag}${judged.sql} ${into}${judged.outputSettings}`),
      () => reader.destroy(),
    ).finally(() => pipe.finish());
    await passOn(context, { pipe, reader, printed, beforeHeaders: output.beforeHeaders });
    output.finish(await printed);
    await response.end(output.beforeHeaders);
  } finally {
    service.pipes.push(pipe);
  }
}

interface Passing {
  pipe: RawPipe;
  reader: Readable;
  printed: Promise<RawResult>;
  beforeHeaders: () => void;
}

/** Ends when the statement has: its pipe and its connection are free then. */
async function passOn(context: QueryContext, passing: Passing): Promise<void> {
  const { pipe, reader, printed, beforeHeaders } = passing;
  // Its error is told below, after what came before it.
  printed.catch(() => undefined);
  try {
    for await (const chunk of reader) await context.response.write(asBuffer(chunk), beforeHeaders);
  } catch (error) {
    // Nobody takes the result any more, or it was cancelled.
    reader.destroy();
    context.query.cancel.abort();
    await pipe.ended(printed);
    await printed;
    throw error;
  }
  await pipe.ended(printed);
}

function asBuffer(chunk: unknown): Buffer {
  if (Buffer.isBuffer(chunk)) return chunk;
  throw new TypeError('expected a result of bytes');
}
