/** One maker of log lines for each style that programs write in. */
import type { LogStyle } from '../fleet/services.ts';
import { stderr, stdout, type LogContext, type LogEntry, type LogMaker } from './entry.ts';
import { isoTime } from './time-text.ts';
import { makeRequest, userAgent } from './traffic.ts';

export const logMakers: Readonly<Record<LogStyle, LogMaker>> = {
  json,
  logfmt,
  nginx,
  java,
  coloured,
  redis,
  postgres,
};

function json({ random, timeMs, service, version, load, isTroubled }: LogContext): LogEntry {
  const request = makeRequest(random, load);
  const fields = {
    time: isoTime(timeMs),
    level: request.status >= 500 ? 'error' : request.milliseconds > 800 ? 'warn' : 'info',
    service,
    version,
    request_id: request.requestId,
    trace_id: random.hex(32),
  };
  if (isTroubled) {
    const problem = { level: 'error', msg: 'connection to smtp.shop.example:587 refused' };
    return stderr(JSON.stringify({ ...fields, ...problem, attempt: random.whole(1, 5) }));
  }
  const { method, path, status, milliseconds } = request;
  const msg =
    status >= 500
      ? 'upstream request failed'
      : milliseconds > 800
        ? 'slow request'
        : 'request served';
  return stdout(
    JSON.stringify({ ...fields, msg, method, path, status, duration_ms: milliseconds }),
  );
}

function logfmt({ random, timeMs, service, load }: LogContext): LogEntry {
  const { method, path, status, milliseconds, requestId } = makeRequest(random, load);
  const level =
    status >= 500 ? 'error' : milliseconds > 800 ? 'warn' : random.chance(0.1) ? 'debug' : 'info';
  const message =
    level === 'debug' ? 'cache lookup' : level === 'error' ? 'backend unavailable' : 'handled';
  return stdout(
    `ts=${isoTime(timeMs)} level=${level} svc=${service} msg="${message}" method=${method} ` +
      `path=${path} status=${status} dur=${milliseconds}ms request_id=${requestId}`,
  );
}

/** What a debug level shows of a request's body. */
const buffer = Array.from({ length: 60 }, (_, i) => `item=LN-${100 + i}`).join('&');

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function nginx({ random, timeMs, load, isTroubled }: LogContext): LogEntry {
  const { client, method, path, status, bytes, milliseconds, requestId } = makeRequest(
    random,
    load,
  );
  if (isTroubled) {
    const at = isoTime(timeMs).replace('T', ' ').replaceAll('-', '/').slice(0, 19);
    const detail = random.pick([
      'http upstream check client abort, write event:1',
      'http proxy header: "content-type: application/json"',
      'posix_memalign: 00005581A2C0:4096 @16',
      'epoll: fd:37 ev:0005 d:00007F11',
    ]);
    return stderr(
      `${at} [debug] 31#31: *${random.whole(1, 1_000_000)} ${detail} request_id=${requestId} body: ${buffer.slice(random.whole(0, 200))}`,
    );
  }
  const date = new Date(timeMs);
  const day = String(date.getUTCDate()).padStart(2, '0');
  const stamp = `${day}/${months[date.getUTCMonth()] ?? 'Jan'}/${date.getUTCFullYear()}:${isoTime(timeMs).slice(11, 19)} +0000`;
  return stdout(
    `${client} - - [${stamp}] "${method} ${path} HTTP/1.1" ${status} ${bytes} "-" "${userAgent(random)}" ` +
      `rt=${(milliseconds / 1000).toFixed(3)} rid=${requestId}`,
  );
}

const failures: readonly [readonly string[], ...(readonly string[])[]] = [
  [
    'java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not available, request timed out after 30000ms.',
    'com.zaxxer.hikari.pool.HikariPool.createTimeoutException(HikariPool.java:696)',
    'com.zaxxer.hikari.pool.HikariPool.getConnection(HikariPool.java:197)',
    'com.shop.checkout.order.OrderRepository.findOpen(OrderRepository.java:58)',
  ],
  [
    'java.lang.IllegalStateException: cart 8841 has no price for item LN-204',
    'com.shop.checkout.price.PriceBook.priceOf(PriceBook.java:112)',
    'com.shop.checkout.order.OrderService.place(OrderService.java:87)',
    'com.shop.checkout.web.OrderController.post(OrderController.java:41)',
  ],
];

function java({ random, timeMs, service, load }: LogContext): LogEntry {
  const { path, status, milliseconds, requestId } = makeRequest(random, load);
  const at = isoTime(timeMs).replace('T', ' ').replace('Z', '').replace('.', ',');
  const thread = `http-nio-8080-exec-${random.whole(1, 40)}`;
  if (status >= 500) {
    const [message = '', ...frames] = random.pick(failures);
    return stderr(
      `${at} ERROR [${thread}] c.shop.${service}.web.ErrorHandler - request ${requestId} failed`,
      message,
      ...frames.map((frame) => `\tat ${frame}`),
      `\tat java.base/java.lang.Thread.run(Thread.java:1583)`,
    );
  }
  const level = milliseconds > 800 ? 'WARN ' : 'INFO ';
  const what = milliseconds > 800 ? 'slow call' : 'served';
  return stdout(
    `${at} ${level}[${thread}] c.shop.${service}.web.AccessLog - ${what} ${path} in ${milliseconds} ms request_id=${requestId}`,
  );
}

function coloured({ random, timeMs, service, load, isTroubled }: LogContext): LogEntry {
  const time = `\u001B[2m${isoTime(timeMs).slice(11, 23)}\u001B[0m`;
  const scope = `\u001B[36m${service}\u001B[0m`;
  if (isTroubled) {
    const rows = random.whole(1, 40) * 10_000;
    return stdout(
      `${time} \u001B[33mWARN\u001B[0m ${scope} buffering ${rows} rows in memory before write`,
    );
  }
  const { milliseconds, requestId, status } = makeRequest(random, load);
  const isError = status >= 500;
  const level = isError ? '\u001B[31mERROR\u001B[0m' : '\u001B[32mINFO\u001B[0m';
  const text = isError
    ? 'model did not answer in time'
    : `scored 24 candidates in ${milliseconds} ms`;
  return stdout(`${time} ${level} ${scope} ${text} \u001B[90mrequest_id=${requestId}\u001B[0m`);
}

function redis({ random, timeMs }: LogContext): LogEntry {
  const date = new Date(timeMs);
  const day = `${date.getUTCDate()} ${months[date.getUTCMonth()] ?? 'Jan'} ${date.getUTCFullYear()}`;
  const text = random.pick([
    '* 10000 changes in 60 seconds. Saving...',
    '* Background saving started by pid 412',
    '* DB saved on disk',
    '# WARNING overcommit_memory is set to 0! Background save may fail under low memory condition.',
  ]);
  return stdout(`1:M ${day} ${isoTime(timeMs).slice(11, 23)} ${text}`);
}

function postgres({ random, timeMs }: LogContext): LogEntry {
  const at = `${isoTime(timeMs).replace('T', ' ').replace('Z', '')} UTC [${random.whole(60, 900)}]`;
  const roll = random.next();
  if (roll < 0.03) {
    return stderr(
      `${at} ERROR:  duplicate key value violates unique constraint "orders_pkey"`,
      `${at} DETAIL:  Key (id)=(${random.whole(1, 900_000)}) already exists.`,
    );
  }
  if (roll < 0.3) {
    const seconds = random.between(0.4, 3).toFixed(3);
    return stderr(
      `${at} LOG:  duration: ${seconds} ms  statement: SELECT * FROM orders WHERE open`,
    );
  }
  return stderr(`${at} LOG:  checkpoint complete: wrote ${random.whole(20, 900)} buffers (0.4%)`);
}
