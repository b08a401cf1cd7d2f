/** From a request to its answer: who asks, what is asked, whether it may be, and how it runs. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { hasAccess } from './access.ts';
import type { User } from './auth/users.ts';
import { ClickHouseException, toException } from './exception.ts';
import type { QueryContext, Service } from './query-context.ts';
import { Body } from './request/body.ts';
import { acceptedEncoding } from './request/encodings.ts';
import { maxMultipartBytes, multipartBoundary, readMultipart } from './request/multipart.ts';
import { addField, maxHeldBytes, readRequest, type Request } from './request/read-request.ts';
import { findStatement, type StatementSource } from './request/statement-source.ts';
import { ClientLeft, ResponseBody } from './response/response-body.ts';
import {
  askedReadonly,
  limitsOf,
  prepareConnection,
  readonlyError,
} from './run/prepare-connection.ts';
import { runCommand, runHeld } from './run/run-held.ts';
import { runInsert } from './run/run-insert.ts';
import { runSelect } from './run/run-select.ts';
import { runKill, runSet, runUse } from './run/run-session-statement.ts';
import { abandon, type RunningQuery } from './running-queries.ts';
import type { Session } from './sessions.ts';
import { systemDatabases, type Way } from './statement/statement-kinds.ts';
import { judge, type Judged } from './statement/judge.ts';

export interface Exchange {
  incoming: IncomingMessage;
  outgoing: ServerResponse;
  url: URLSearchParams;
  user: User;
}

/** Answers; never rejects. */
export async function answerQuery(service: Service, exchange: Exchange): Promise<void> {
  const startedMs = performance.now();
  const outcome: Outcome = { kind: 'other', result: 'ok' };
  let response: ResponseBody | null = null;
  try {
    const request = readRequest(headOf(exchange));
    response = responseFor(service, request, exchange);
    await answer(service, { ...exchange, request, response, outcome });
  } catch (error) {
    outcome.result = resultOf(error);
    response ??= responseFor(service, null, exchange);
    await tell(service, response, error);
  }
  const seconds = (performance.now() - startedMs) / 1000;
  service.metrics.ended(outcome.kind, outcome.result, seconds);
  if (response) service.metrics.sent(response.bytes);
}

interface Outcome {
  kind: string;
  result: 'ok' | 'error' | 'cancelled' | 'refused';
}

interface Asked extends Exchange {
  request: Request;
  response: ResponseBody;
  outcome: Outcome;
}

async function answer(service: Service, asked: Asked): Promise<void> {
  const { incoming, request, user, outcome } = asked;
  const body = new Body(incoming, service.limits.receive_timeout);
  await readFields(request, body);
  const source = await findStatement(request, body);
  outcome.kind = source.kind === 'insert' ? 'insert' : 'other';
  const query = service.queries.add({ id: request.queryId, user: user.name, text: source.text });
  const release = cancelWhenClosed(asked, query);
  // Its client may use the id again as soon as it has the answer.
  asked.response.beforeEnd(() => service.queries.remove(query));
  try {
    await inSession(service, asked, async (session) =>
      run(service, { ...asked, body, source, query, session }),
    );
  } finally {
    release();
    service.queries.remove(query);
  }
}

interface Ready extends Asked {
  body: Body;
  source: StatementSource;
  query: RunningQuery;
  session: Session | null;
}

async function run(service: Service, ready: Ready): Promise<void> {
  const { request, user, session, source, query } = ready;
  const limits = limitsOf(user.access, service);
  const database = request.database ?? session?.database ?? service.database;
  if (source.kind === 'insert') checkInsert(service, { user, request, database, source });
  const ofStatement = source.kind === 'insert' ? source.header.settings : [];
  const connection = await prepareConnection(service, {
    settings: [...request.settings, ...ofStatement],
    parameters: request.parameters,
    database,
    limits,
    session,
  });
  const context: QueryContext = {
    ...ready,
    service,
    connection,
    database,
    limits,
    signal: query.cancel.signal,
  };
  try {
    if (source.kind === 'insert') {
      query.isReading = false;
      await runInsert(context, source.header, source.data);
    } else {
      await runJudged(context, source.text, ready.outcome);
    }
  } finally {
    if (connection !== session?.connection) connection.close();
  }
}

async function runJudged(context: QueryContext, text: string, outcome: Outcome): Promise<void> {
  const { connection, user, database, limits, service, request, session } = context;
  const judged = await judge(text, {
    access: user.access,
    database,
    limits,
    catalogue: service.catalogue,
    parameters: new Map([...(session?.parameters ?? []), ...request.parameters]),
    text: async (sql) => connection.text(sql, 'TabSeparatedRaw'),
  });
  const writes = judged.way === 'command' || judged.way === 'insert-select';
  outcome.kind = kindOf(judged.way);
  const asked = askedReadonly(request.settings);
  if (writes && (request.isReadOnly || asked > 0)) throw readonlyError(request.isReadOnly);
  context.query.isReading = !writes;
  if (session && judged.isTemporary) session.connection ??= connection;
  const isReader = !hasAccess(user.access, 'ingest') || request.isReadOnly || asked > 0;
  // A session's connection of its own would stay so; only who may write has one.
  if (isReader && !writes && connection !== session?.connection) {
    const level = judged.hasSettings ? 2 : 1;
    await connection.text(`SET readonly = ${level}`, 'TabSeparated');
  }
  await ways[judged.way](context, judged);
}

const ways: Readonly<Record<Way, (context: QueryContext, judged: Judged) => Promise<void>>> = {
  select: async (context, judged) =>
    inPlace(context, 'select', async () => runSelect(context, judged)),
  held: async (context, judged) => inPlace(context, 'select', async () => runHeld(context, judged)),
  command: async (context, judged) =>
    inPlace(context, 'command', async () => runCommand(context, judged)),
  'insert-select': async (context, judged) =>
    inPlace(context, 'insert', async () => runCommand(context, judged)),
  set: runSet,
  use: runUse,
  kill: runKill,
};

function kindOf(way: Way): string {
  if (way === 'insert-select') return 'insert';
  return way === 'select' || way === 'command' ? way : 'other';
}

async function inPlace(
  { service, signal }: QueryContext,
  kind: keyof Service['places'],
  work: () => Promise<void>,
): Promise<void> {
  await service.places[kind].enter(signal);
  try {
    await work();
  } finally {
    service.places[kind].leave();
  }
}

interface AskedInsert extends Pick<Ready, 'user' | 'request'> {
  database: string;
  source: StatementSource & { kind: 'insert' };
}

function checkInsert(
  service: Service,
  { user, request, database, source: { header } }: AskedInsert,
): void {
  if (!hasAccess(user.access, 'ingest')) throw readonlyError(false);
  if (request.isReadOnly || askedReadonly(request.settings) > 0) {
    throw readonlyError(request.isReadOnly);
  }
  if (systemDatabases.has((header.database ?? database).toLowerCase())) {
    throw new ClickHouseException(
      'ACCESS_DENIED',
      'Not enough privileges: writing to system tables',
    );
  }
  const format = service.catalogue.formats.get(header.format.toLowerCase());
  if (!format) throw new ClickHouseException('UNKNOWN_FORMAT', `Unknown format ${header.format}`);
  if (!format.isInput) {
    throw new ClickHouseException(
      'FORMAT_IS_NOT_SUITABLE_FOR_INPUT',
      `Format ${header.format} is not suitable for input`,
      { code: 85 },
    );
  }
}

async function inSession(
  service: Service,
  { request, user, response }: Asked,
  work: (session: Session | null) => Promise<void>,
): Promise<void> {
  if (!request.session) {
    await work(null);
    return;
  }
  const key = { ...request.session, user: user.name };
  const session = service.sessions.acquire(key);
  let isHeld = true;
  const release = (): void => {
    if (isHeld) service.sessions.release(key);
    isHeld = false;
  };
  response.beforeEnd(release);
  try {
    await work(session);
  } finally {
    release();
  }
}

async function readFields(request: Request, body: Body): Promise<void> {
  const boundary = multipartBoundary(body.contentType);
  if (boundary === null) return;
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body.plain()) {
    parts.push(chunk);
    bytes += chunk.length;
    if (bytes > maxMultipartBytes) {
      throw new ClickHouseException(
        'QUERY_IS_TOO_LARGE',
        `multipart/form-data: expected at most ${maxMultipartBytes} bytes`,
      );
    }
  }
  for (const [name, value] of readMultipart(Buffer.concat(parts), boundary)) {
    addField(request, name, value);
  }
}

/** A query whose client has left is cancelled; what writes goes on to its end. */
function cancelWhenClosed({ outgoing }: Asked, query: RunningQuery): () => void {
  const onClose = (): void => {
    if (!outgoing.writableFinished) abandon(query);
  };
  outgoing.once('close', onClose);
  if (outgoing.destroyed) abandon(query);
  return () => outgoing.off('close', onClose);
}

function headOf({ incoming, url }: Exchange) {
  return { method: incoming.method ?? 'GET', url, headers: incoming.headers };
}

function responseFor(
  service: Service,
  request: Request | null,
  { incoming, outgoing }: Exchange,
): ResponseBody {
  const http = request?.http;
  const encoding = http?.isCompressionEnabled ? acceptedEncoding(http.acceptEncoding) : null;
  const response = new ResponseBody(outgoing, {
    holdBytes: http?.waitsForEnd ? maxHeldBytes : Math.max(http?.bufferBytes ?? 0, 1),
    encoding,
    compressionLevel: http?.compressionLevel ?? 3,
    nativeBlocks: http?.compress ?? false,
    sendTimeoutMs: service.limits.send_timeout,
    isHead: incoming.method === 'HEAD',
  });
  response.setHeader('X-ClickHouse-Server-Display-Name', service.catalogue.hostName);
  response.setHeader('X-ClickHouse-Timezone', 'UTC');
  if (request) response.setHeader('X-ClickHouse-Query-Id', request.queryId);
  return response;
}

async function tell(service: Service, response: ResponseBody, error: unknown): Promise<void> {
  if (error instanceof ClientLeft) {
    response.destroy();
    return;
  }
  const exception = toException(error);
  if (exception.code === 1002)
    service.logger.error({ error }, 'A query failed for a reason of our own.');
  try {
    await response.fail(exception, service.catalogue.version);
  } catch {
    // The client has left.
    response.destroy();
  }
}

function resultOf(error: unknown): Outcome['result'] {
  if (error instanceof ClientLeft) return 'cancelled';
  const { code } = toException(error);
  if (code === 394) return 'cancelled';
  return code === 164 || code === 497 || code === 452 || code === 202 ? 'refused' : 'error';
}
