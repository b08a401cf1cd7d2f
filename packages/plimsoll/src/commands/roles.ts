import { configOption, dataDirOption, portOption } from '@plimsoll/cli';
import type { Command } from '@plimsoll/cli';
import { loadConfiguration } from '../load-configuration.ts';
import { checkRole } from './check-role.ts';
import type { Role } from '../compose/start-order.ts';

/** Roles without a collector of their own command line. */
type ServiceRole = Exclude<Role, 'collector'>;

type RoleText = Pick<Command, 'summary' | 'description' | 'examples' | 'environment'>;

const options = { ...configOption, ...dataDirOption, ...portOption };

export const needsServer =
  'Needs storage.mode: server, because the embedded engine belongs to one process; without a ClickHouse server use "plimsoll all".';

export const serverEnvironment = [
  { name: 'PLIMSOLL_STORAGE__MODE', help: 'server' },
  { name: 'PLIMSOLL_STORAGE__URL', help: 'ClickHouse’s HTTP interface, such as http://db:8123.' },
  { name: 'PLIMSOLL_STORAGE__PASSWORD', help: 'Its password.' },
];

const texts: Readonly<Record<ServiceRole, RoleText>> = {
  all: {
    summary: 'Run everything in one process: collect, store, query, page and alerts.',
    description: [
      'Watches the containers of this host through Docker, their log files and cgroups, and the host itself; keeps everything in an embedded ClickHouse below the data folder; serves the page and the API; evaluates alerts. Needs no other service. Without Docker the host and plain log files are watched all the same.',
      'It listens on 127.0.0.1 unless the configuration says otherwise. Ctrl-C stops it in order within 10 seconds; a second one leaves at once. Nothing is lost by a crash: what was acknowledged is in the journal, what was not is read again.',
    ],
    examples: [
      { line: 'plimsoll all', what: 'Watch this host; the page is at http://127.0.0.1:4270.' },
      {
        line: 'plimsoll all --port 8080 --data-dir /var/lib/plimsoll',
        what: 'Another port and folder.',
      },
      { line: 'plimsoll all -c plimsoll.yaml', what: 'With a configuration file.' },
      {
        line: 'PLIMSOLL_COLLECTOR__LOGS__START_AT=end plimsoll all',
        what: 'Skip what logs hold already.',
      },
    ],
  },
  ingest: {
    summary: 'Store what a journal holds in a ClickHouse server.',
    description: [
      'Takes frames from the journal of this data folder and inserts them, exactly once: what a stopped collector left there, and then it waits. Its port serves /healthz, /readyz and /metrics.',
      needsServer,
    ],
    examples: [
      {
        line: 'plimsoll ingest --data-dir /var/lib/plimsoll',
        what: 'Empty the journal of a collector that no longer runs.',
      },
    ],
    environment: serverEnvironment,
  },
  query: {
    summary: 'Serve the page and the API over a ClickHouse server.',
    description: [
      'Serves the page, the native API and /healthz, /readyz, /metrics. Keeps nothing itself: run as many as you need.',
      needsServer,
    ],
    examples: [
      { line: 'plimsoll query --port 8080', what: 'The page over what collectors have stored.' },
    ],
    environment: serverEnvironment,
  },
  alerting: {
    summary: 'Evaluate alert rules over a ClickHouse server and notify.',
    description: [
      'Evaluates the rules every alerting.interval and calls the webhooks. States are stored, so a restart forgets nothing. Run one: two of them would notify twice. Its port serves /healthz, /readyz and /metrics.',
      needsServer,
    ],
    examples: [
      { line: 'plimsoll alerting -c plimsoll.yaml', what: 'With alerting.webhooks in the file.' },
    ],
    environment: serverEnvironment,
  },
};

function roleCommand(role: ServiceRole): Command {
  return {
    name: role,
    ...texts[role],
    options,
    run: async ({ values, terminal }) => {
      const { config } = loadConfiguration(values, terminal);
      checkRole(role, config);
      // Loaded here: help and errors need not wait for every package.
      const { runRole } = await import('../compose/run-role.ts');
      return runRole({
        role,
        config,
        terminal,
        load: () => loadConfiguration(values, terminal).config,
      });
    },
  };
}

export const allCommand = roleCommand('all');
export const ingestCommand = roleCommand('ingest');
export const queryCommand = roleCommand('query');
export const alertingCommand = roleCommand('alerting');
