/**
 * A real Kafka broker on loopback: a node that is broker and controller (KRaft), its data below a
 * folder of the caller's; by itself, or one of a cluster (`cluster.ts`). Needs a JDK 17 and, the
 * first time, Maven and a network: the jars are kept in `.jars` beside this file.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const pom = join(import.meta.dirname, 'pom.xml');
const fetched = join(import.meta.dirname, '.jars');
/** All of one pom: a broker of two releases is none. */
const jars = join(
  fetched,
  createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 16),
);

const startDeadlineMs = 60_000;
/** Enough for a few partitions; a broker left to itself takes a gigabyte. */
const smallHeap = ['-Xms64m', '-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

export interface KafkaBroker {
  /** For `transport.kafka.brokers`. */
  address: string;
  /** Of the process that runs now. */
  readonly pid: number;
  /** As a crash: no file is closed, no client is told. */
  kill(): Promise<void>;
  /** After a kill or a stop, on the same port with the same data. */
  start(): Promise<void>;
  /** In order. */
  stop(): Promise<void>;
  /** Freezes it (SIGSTOP): connections stay open and nothing is answered. */
  pause(): void;
  /** Lets it run on after `pause`. */
  resume(): void;
  /** Ends it at once and for good. */
  dispose(): Promise<void>;
}

export interface KafkaBrokerOptions {
  /** Made when it is not there; data, configuration and log go below it. */
  folder: string;
  port: number;
  controllerPort: number;
  /** Its number in the cluster. Default: 1. */
  nodeId?: number;
  /** `<node id>@<host>:<controller port>` of each node of the cluster. Default: itself. */
  voters?: readonly string[];
  /**
   * Where clients are told to go in place of `port`: a proxy that leads there. The brokers of a
   * cluster then meet on `internalPort`, so that a proxy is between them and clients only.
   */
  advertised?: { address: string; internalPort: number };
  /** Of the Java machine. Default: a small heap and quick start. */
  javaOptions?: readonly string[];
  /** Users whose passwords the cluster keeps itself, for both SCRAM mechanisms. */
  scramUsers?: Readonly<Record<string, string>>;
  /** Over those of the broker: `message.max.bytes` and the like. */
  settings?: Readonly<Record<string, string | number>>;
}

/** Why a broker cannot be had here, or null when it can. */
export function kafkaMissing(): string | null {
  if (!runs('java', '-version')) return 'java missing (JDK 17)';
  if (existsSync(jars) || runs('mvn', '-version')) return null;
  return 'mvn missing (Maven)';
}

/** Downloads the jars where they are not there yet. @throws with what Maven said */
export function fetchBroker(): void {
  if (existsSync(jars)) return;
  mkdirSync(fetched, { recursive: true });
  const unfinished = mkdtempSync(join(fetched, 'unfinished-'));
  process.stderr.write('kafka: fetching the broker from Maven Central (once) …\n');
  const target = ['dependency:copy-dependencies', `-DoutputDirectory=${unfinished}`];
  try {
    execFileSync('mvn', ['-q', '-B', '-f', pom, ...target], { stdio: ['ignore', 'pipe', 'pipe'] });
    renameSync(unfinished, jars);
  } catch (error) {
    rmSync(unfinished, { recursive: true });
    // Another process may have been faster.
    if (!existsSync(jars)) throw error;
  }
}

/** Resolves when it answers. @throws with the end of its log when it does not within a minute */
export async function startKafka(options: KafkaBrokerOptions): Promise<KafkaBroker> {
  const { port } = options;
  const prepared = prepareBroker(options);
  let child = await launch(options, prepared);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    // A frozen process would take the signal only when it runs again.
    if (signal !== 'SIGKILL') child.kill('SIGCONT');
    await exited;
  };
  return {
    address: options.advertised?.address ?? `127.0.0.1:${port}`,
    get pid() {
      return child.pid ?? 0;
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    kill: () => end('SIGKILL'),
    start: async () => {
      await end('SIGKILL');
      child = await launch(options, prepared);
    },
    stop: () => end('SIGTERM'),
    dispose: () => end('SIGKILL'),
  };
}

export interface BrokerCommand {
  command: string;
  args: readonly string[];
}

/** Makes its files ready, for those who keep its process themselves. @returns what runs it */
export function prepareBroker(options: KafkaBrokerOptions): BrokerCommand {
  fetchBroker();
  const { folder, javaOptions = smallHeap, scramUsers = {} } = options;
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'server.properties');
  writeFileSync(file, properties(options));
  if (!existsSync(join(folder, 'data'))) format(file, scramUsers);
  return { command: 'java', args: [...javaOptions, '-cp', join(jars, '*'), 'kafka.Kafka', file] };
}

function runs(command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function properties(options: KafkaBrokerOptions): string {
  const { folder, controllerPort, nodeId = 1, settings } = options;
  const { voters = [`${nodeId}@127.0.0.1:${controllerPort}`] } = options;
  const all: Record<string, string | number> = {
    'process.roles': 'broker,controller',
    'node.id': nodeId,
    'controller.quorum.voters': voters.join(','),
    ...listeners(options),
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': join(folder, 'data'),
    'auto.create.topics.enable': 'false',
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 1,
    'group.initial.rebalance.delay.ms': 0,
    'log.cleaner.enable': 'false',
    ...settings,
  };
  return Object.entries(all)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

function listeners({ port, controllerPort, advertised }: KafkaBrokerOptions) {
  const controller = `CONTROLLER://127.0.0.1:${controllerPort}`;
  if (advertised === undefined) {
    return {
      listeners: `BROKER://127.0.0.1:${port},${controller}`,
      'advertised.listeners': `BROKER://127.0.0.1:${port}`,
      'listener.security.protocol.map': 'BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT',
      'inter.broker.listener.name': 'BROKER',
    };
  }
  const internal = `BROKER://127.0.0.1:${advertised.internalPort}`;
  return {
    listeners: `CLIENT://127.0.0.1:${port},${internal},${controller}`,
    'advertised.listeners': `CLIENT://${advertised.address},${internal}`,
    'listener.security.protocol.map': 'CLIENT:PLAINTEXT,BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'BROKER',
  };
}

function format(file: string, scramUsers: Readonly<Record<string, string>>): void {
  // The same for every cluster: they never meet.
  const clusterId = Buffer.alloc(16, 7).toString('base64url');
  const scram = Object.entries(scramUsers).flatMap(([name, password]) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${name},password=${password}]`,
    ]),
  );
  java(['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', file, ...scram]);
}

function java(args: readonly string[]): void {
  execFileSync('java', ['-cp', join(jars, '*'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function launch(
  { folder, port }: KafkaBrokerOptions,
  { command, args }: BrokerCommand,
): Promise<ChildProcess> {
  const log = join(folder, 'broker.log');
  const output = openSync(log, 'a');
  const child = spawn(command, args, { stdio: ['ignore', output, output] });
  const deadline = Date.now() + startDeadlineMs;
  while (Date.now() < deadline && child.exitCode === null) {
    if (await accepts(port)) return child;
    await sleep(100);
  }
  child.kill('SIGKILL');
  const end = readFileSync(log, 'utf8').slice(-2000);
  throw new Error(`kafka: expected an answer on port ${port}, got none\n${end}`);
}

async function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
