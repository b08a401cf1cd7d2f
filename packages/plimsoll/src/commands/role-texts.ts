import type { Command } from '@plimsoll/cli';
import type { Role } from '../compose/start-order.ts';

/** Roles without a command line of their own. */
export type ServiceRole = Exclude<Role, 'collector'>;

type RoleText = Pick<Command, 'summary' | 'description' | 'examples' | 'environment'>;

export const needsServer =
  'Needs storage.mode: server, because the embedded engine belongs to one process; "plimsoll storage" is such a server, and without one there is "plimsoll all".';

const waitsForServer =
  'While the server is away it waits, at the start too, and /readyz says so. The tables are brought up to date by whichever process comes first.';

export const serverEnvironment = [
  { name: 'PLIMSOLL_STORAGE__MODE', help: 'server' },
  { name: 'PLIMSOLL_STORAGE__URL', help: 'ClickHouse’s HTTP interface, such as http://db:8123.' },
  { name: 'PLIMSOLL_STORAGE__PASSWORD', help: 'Its password.' },
];

const kafkaEnvironment = [
  { name: 'PLIMSOLL_TRANSPORT__MODE', help: 'kafka or direct.' },
  { name: 'PLIMSOLL_TRANSPORT__KAFKA__BROKERS', help: 'Such as kafka-1:9092,kafka-2:9092.' },
];

const all: RoleText = {
  summary: 'Run everything in one process: collect, store, query, page and alerts.',
  description: [
    'Watches the containers of this host through Docker, their log files and cgroups, and the host itself; keeps everything in an embedded ClickHouse below the data folder; serves the page and the API; evaluates alerts. Needs no other service. Without Docker the host and plain log files are watched all the same.',
    'Beside the page it serves ClickHouse’s own HTTP protocol (clickhouse_http, port 4271) and takes Prometheus remote write, Loki pushes and OTLP (receivers, port 4272). With transport.mode: kafka it publishes what it collects to Kafka, and stores what Kafka has, also of other hosts.',
    'It listens on 127.0.0.1 unless the configuration says otherwise. Ctrl-C stops it in order within 10 seconds; a second one leaves at once. Nothing is lost by a crash: what was acknowledged is in the journal or in Kafka, what was not is read again.',
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
};

const ingest: RoleText = {
  summary: 'Store what Kafka holds in a ClickHouse server, exactly once.',
  description: [
    'With transport.mode: kafka it is a member of the group that shares the partitions: run as many as you need, up to the number of partitions. It keeps nothing on its host. Stop it with SIGTERM: it finishes the batch under way, and the others take over.',
    'With transport.mode: direct it stores what the journal of this data folder holds: what a stopped collector left there.',
    'Prometheus remote write, Loki pushes and OTLP are taken on the port of receivers. The port of http serves /healthz, /readyz and /metrics.',
    needsServer,
    waitsForServer,
  ],
  examples: [
    { line: 'plimsoll ingest -c plimsoll.yaml', what: 'One member of the group.' },
    {
      line: 'PLIMSOLL_TRANSPORT__MODE=kafka plimsoll ingest --port 4281',
      what: 'A second one on the same host, with receivers.port of its own in the file.',
    },
    {
      line: 'plimsoll ingest --data-dir /var/lib/plimsoll',
      what: 'Empty the journal of a collector that no longer runs.',
    },
  ],
  environment: [...kafkaEnvironment, ...serverEnvironment],
};

const storage: RoleText = {
  summary: 'Be the ClickHouse server of the other roles, with the embedded engine.',
  description: [
    'Opens the embedded ClickHouse of the data folder, brings its tables up to date, and serves ClickHouse’s own HTTP protocol at clickhouse_http.host and clickhouse_http.port (4271). The other roles take it for a server: storage.mode: server, storage.url: http://127.0.0.1:4271. For a machine without a ClickHouse server; a fleet wants a real one.',
    'By default everybody on this host may read. Name users in clickhouse_http.users: ingest and alerting need one with access: ingest, query one with access: read. Nobody else has to change tables.',
    'The port of http serves /healthz, /readyz and /metrics.',
  ],
  examples: [
    { line: 'plimsoll storage --data-dir /var/lib/plimsoll', what: 'Serve the data of a folder.' },
    {
      line: "curl 'http://127.0.0.1:4271/?query=SELECT+count()+FROM+logs'",
      what: 'Ask it without any client.',
    },
  ],
  environment: [
    { name: 'PLIMSOLL_CLICKHOUSE_HTTP_PORT', help: 'Port of ClickHouse’s protocol.' },
    { name: 'PLIMSOLL_CLICKHOUSE_HTTP__HOST', help: 'Any but a loopback address needs users.' },
  ],
};

const query: RoleText = {
  summary: 'Serve the page and the API over a ClickHouse server.',
  description: [
    'Serves the page, the native API and /healthz, /readyz, /metrics. Keeps nothing itself: run as many as you need.',
    needsServer,
    waitsForServer,
  ],
  examples: [
    { line: 'plimsoll query --port 8080', what: 'The page over what collectors have stored.' },
  ],
  environment: serverEnvironment,
};

const alerting: RoleText = {
  summary: 'Evaluate alert rules over a ClickHouse server and notify.',
  description: [
    'Evaluates the rules every alerting.interval and calls the webhooks. States are stored, so a restart forgets nothing. Run one: two of them would notify twice. Its port serves /healthz, /readyz and /metrics.',
    needsServer,
    waitsForServer,
  ],
  examples: [
    { line: 'plimsoll alerting -c plimsoll.yaml', what: 'With alerting.webhooks in the file.' },
  ],
  environment: serverEnvironment,
};

export const roleTexts: Readonly<Record<ServiceRole, RoleText>> = {
  all,
  ingest,
  storage,
  query,
  alerting,
};
