import type { EnvironmentNote, Option } from './command.ts';

export const configOption: Readonly<Record<string, Option>> = {
  config: {
    type: 'string',
    short: 'c',
    value: '<file>',
    help: 'Configuration file. Default: PLIMSOLL_CONFIG, else plimsoll.yaml when there is one.',
  },
};

export const dataDirOption: Readonly<Record<string, Option>> = {
  'data-dir': {
    type: 'string',
    value: '<folder>',
    help: 'Where everything is kept. Default: data_dir of the configuration, else ./data.',
  },
};

export const portOption: Readonly<Record<string, Option>> = {
  port: {
    type: 'string',
    short: 'p',
    value: '<port>',
    help: 'Port of the page and the API. Default: http.port of the configuration, else 4270.',
  },
};

export const helpOption: Readonly<Record<string, Option>> = {
  help: { type: 'boolean', short: 'h', help: 'Show this help.' },
};

export const commonEnvironment: readonly EnvironmentNote[] = [
  { name: 'PLIMSOLL_CONFIG', help: 'Configuration file.' },
  { name: 'PLIMSOLL_DATA_DIR', help: 'Data folder (./data).' },
  { name: 'PLIMSOLL_HTTP_PORT', help: 'Port of the page and the API (4270).' },
  { name: 'PLIMSOLL_CLICKHOUSE_HTTP_PORT', help: 'Port of ClickHouse’s HTTP protocol (4271).' },
  {
    name: 'PLIMSOLL_<PATH>',
    help: 'Any field: collector.logs.start_at is PLIMSOLL_COLLECTOR__LOGS__START_AT.',
  },
];

export const commonExitCodes: readonly { code: number; help: string }[] = [
  { code: 0, help: 'Done, or stopped in order.' },
  { code: 1, help: 'It failed; the reason is on standard error.' },
  { code: 2, help: 'The command line was not understood.' },
];
