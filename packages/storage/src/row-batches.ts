/** Rows parsed at once between two turns of the event loop: a few milliseconds of work. */
const rowsPerBatch = 2_000;

/**
 * Splits JSON lines (JSONEachRow, JSONCompactEachRow) that come in chunks of any bounds into
 * batches of parsed rows. The shape of a row is the query's own: its author names the type.
 */
export async function* rowBatches<Row>(
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<Row[], void, undefined> {
  let rest: Buffer | undefined;
  let batch: Row[] = [];
  for await (const chunk of chunks) {
    const bytes: Buffer = rest ? Buffer.concat([rest, chunk]) : chunk;
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      if (end > start) batch.push(parseRow(bytes.toString('utf8', start, end)) as Row);
      start = end + 1;
      if (batch.length >= rowsPerBatch) {
        yield batch;
        batch = [];
      }
    }
    rest = start < bytes.length ? bytes.subarray(start) : undefined;
    if (batch.length > 0) {
      yield batch;
      batch = [];
    }
  }
  if (rest) batch.push(parseRow(rest.toString('utf8')) as Row);
  if (batch.length > 0) yield batch;
}

function parseRow(line: string): unknown {
  return JSON.parse(line);
}
