import type { QueryContext } from '../query-context.ts';
import type { Judged } from '../statement/judge.ts';
import { announce, outputFormat } from './output.ts';
import { runInEngine } from './run-in-engine.ts';

/** Results that are small by their nature: what SHOW, DESCRIBE, EXPLAIN and EXISTS print. */
export async function runHeld(context: QueryContext, judged: Judged): Promise<void> {
  const { connection, response } = context;
  const format = outputFormat(context, judged);
  const output = announce(context, format);
  const result = await runInEngine(context, async (tag) =>
    connection.hold(`${tag}${judged.sql}${judged.outputSettings}`, format.name),
  );
  output.finish(result);
  await response.write(result.data, output.beforeHeaders);
  await response.end(output.beforeHeaders);
}

/** DDL, and INSERT … SELECT. */
export async function runCommand(context: QueryContext, judged: Judged): Promise<void> {
  const output = announce(context, null);
  const { connection, response } = context;
  const written = await runInEngine(context, async (tag) => connection.run(`${tag}${judged.sql}`));
  output.finish(written);
  await response.end(output.beforeHeaders);
}
