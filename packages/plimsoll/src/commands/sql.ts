import {
  stringOption,
  configOption,
  dataDirOption,
  portOption,
  style,
  interruptSignal,
} from '@plimsoll/cli';
import type { Command, CommandInput, OptionValues } from '@plimsoll/cli';
import { PlimsollError } from '@plimsoll/runtime';
import { askEmbedded } from '../sql/ask-embedded.ts';
import { askServer } from '../sql/ask-server.ts';
import { renderResult, resultFormats } from '../sql/render-result.ts';
import type { ResultFormat } from '../sql/render-result.ts';
import { loadConfiguration } from '../load-configuration.ts';
import type { SqlResult } from '@plimsoll/model/api';

export const sqlCommand: Command = {
  name: 'sql',
  summary: 'Run a read-only SQL statement and print its rows.',
  usage: "['<statement>']",
  description: [
    'Sends one ClickHouse statement to the running process and prints what comes back. Without a statement it is read from standard input. Statements only read, under the limits of query.sql; Ctrl-C cancels.',
    'With --embedded the command opens the data folder itself, for when no process runs. Tables: logs, container_stats, host_stats, events, targets, alerts; "SHOW TABLES" lists them all.',
  ],
  options: {
    format: {
      type: 'string',
      short: 'f',
      value: '<table|csv|json>',
      help: 'How rows are printed. Default: table on a terminal, csv otherwise.',
    },
    'max-rows': {
      type: 'string',
      value: '<n>',
      help: 'Rows at most. Default: query.sql.max_rows.',
    },
    url: {
      type: 'string',
      value: '<url>',
      help: 'Address of the process. Default: http.host and http.port.',
    },
    embedded: { type: 'boolean', help: 'Open the data folder instead of asking a process.' },
    ...configOption,
    ...dataDirOption,
    ...portOption,
  },
  examples: [
    { line: "plimsoll sql 'SELECT count() FROM logs'", what: 'Count the lines stored.' },
    {
      line: "plimsoll sql -f csv 'SELECT * FROM events' > events.csv",
      what: 'Keep a result as a file.',
    },
    { line: 'plimsoll sql < query.sql', what: 'Run a longer statement.' },
    {
      line: "plimsoll sql --embedded 'SHOW TABLES'",
      what: 'Look into the folder of a stopped process.',
    },
  ],
  environment: [{ name: 'PLIMSOLL_HTTP__TOKEN', help: 'Token, when the process wants one.' }],
  maxPositionals: 1,
  run: runSql,
};

async function runSql({ values, positionals, terminal }: CommandInput): Promise<number> {
  const format = formatOption(values, terminal.stdout.isTTY === true ? 'table' : 'csv');
  const maxRows = maxRowsOption(values);
  if (values['embedded'] === true && values['url'] !== undefined) {
    throw new PlimsollError('usage_invalid', 'expected --embedded or --url, got both');
  }
  const { config } = loadConfiguration(values, terminal);
  const query = positionals[0] ?? (await readStatement(terminal.stdin));
  const request = { query, ...(maxRows === undefined ? {} : { max_rows: maxRows }) };
  const interrupt = interruptSignal();
  try {
    const { http } = config;
    const url = stringOption(values, 'url') ?? `http://${bracketed(http.host)}:${http.port}`;
    const result =
      values['embedded'] === true
        ? await askEmbedded({ config, request, signal: interrupt.signal })
        : await askServer({
            url: checkUrl(url),
            token: http.token,
            request,
            signal: interrupt.signal,
          });
    terminal.stdout.write(renderResult(result, format));
    if (format === 'table' || result.truncated) {
      const dim = style(terminal, terminal.stderr, 'dim');
      terminal.stderr.write(`${dim(footer(result))}\n`);
    }
    return 0;
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    terminal.stderr.write('plimsoll: cancelled\n');
    return 130;
  } finally {
    interrupt.dispose();
  }
}

function formatOption(values: OptionValues, fallback: ResultFormat): ResultFormat {
  const given = stringOption(values, 'format');
  if (given === undefined) return fallback;
  const format = resultFormats.find((name) => name === given);
  if (format !== undefined) return format;
  const message = `--format: expected one of ${resultFormats.join(', ')}, got "${given}"`;
  throw new PlimsollError('usage_invalid', message);
}

function maxRowsOption(values: OptionValues): number | undefined {
  const given = stringOption(values, 'max-rows');
  if (given === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(given)) return Number(given);
  throw new PlimsollError('usage_invalid', `--max-rows: expected a number above 0, got "${given}"`);
}

function checkUrl(url: string): string {
  if (/^https?:\/\//.test(url) && URL.canParse(url)) return url;
  const message = `--url: expected an address such as http://127.0.0.1:4270, got "${url}"`;
  throw new PlimsollError('usage_invalid', message);
}

/** An address to connect to: what listens everywhere is asked at loopback. */
function bracketed(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

/** Longest statement that is read from standard input. */
const maxStatementBytes = 1024 * 1024;

async function readStatement(stdin: CommandInput['terminal']['stdin']): Promise<string> {
  const hint = 'Give it in quotes, or on standard input.';
  if (stdin.isTTY === true) {
    throw new PlimsollError('usage_invalid', 'expected a statement, got nothing', { hint });
  }
  let text = '';
  for await (const chunk of stdin) {
    text += chunk.toString();
    if (text.length > maxStatementBytes) {
      const message = `expected a statement of at most ${maxStatementBytes} bytes, got more`;
      throw new PlimsollError('usage_invalid', message);
    }
  }
  if (text.trim() !== '') return text;
  throw new PlimsollError('usage_invalid', 'expected a statement, got nothing', { hint });
}

function footer({
  rows,
  truncated,
  limit,
  elapsed_ms: elapsedMs,
  read_rows: readRows,
}: SqlResult): string {
  const count = (value: number): string => value.toLocaleString('en');
  const cut = truncated
    ? `; cut at the limit of ${limit === 'bytes' ? 'query.sql.max_result_bytes' : 'rows'}`
    : '';
  return `${count(rows.length)} rows in ${count(Math.round(elapsedMs))} ms, ${count(readRows)} read${cut}`;
}
