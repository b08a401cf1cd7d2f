/**
 * A real Kafka broker on loopback: one node that is broker and controller (KRaft), its data below a
 * folder of the caller's. Needs a JDK 17 and, the first time, Maven and a network: the jars are kept
 * in `.jars` beside this file.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const pom = join(import.meta.dirname, 'pom.xml');
const jars = join(import.meta.dirname, '.jars');
/** Says for which pom the jars are there, and that all of them are. */
const stamp = join(jars, '.complete');

const startDeadlineMs = 60_000;
/** Enough for a few partitions; a broker left to itself takes a gigabyte. */
const javaOptions = ['-Xms64m', '-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

export interface KafkaBroker {
  /** For `transport.kafka.brokers`. */
  address: string;
  /** As a crash: no file is closed, no client is told. */
  kill(): Promise<void>;
  /** After a kill or a stop, on the same port with the same data. */
  start(): Promise<void>;
  /** In order. */
  stop(): Promise<void>;
  /** Ends it at once and for good. */
  dispose(): Promise<void>;
}

export interface KafkaBrokerOptions {
  /** Made when it is not there; data, configuration and log go below it. */
  folder: string;
  port: number;
  controllerPort: number;
  /** Over those of the broker: `message.max.bytes` and the like. */
  settings?: Readonly<Record<string, string>>;
}

/** Why a broker cannot be had here, or null when it can. */
export function kafkaMissing(): string | null {
  if (!runs('java', '-version')) return 'java missing (JDK 17)';
  if (haveJars() || runs('mvn', '-version')) return null;
  return 'mvn missing (Maven)';
}

/** Downloads the jars where they are not there yet. @throws with what Maven said */
export function fetchBroker(): void {
  if (haveJars()) return;
  mkdirSync(jars, { recursive: true });
  const target = ['dependency:copy-dependencies', `-DoutputDirectory=${jars}`];
  execFileSync('mvn', ['-q', '-B', '-f', pom, ...target], { stdio: ['ignore', 'pipe', 'pipe'] });
  writeFileSync(stamp, `${pomHash()}\n`);
}

/** Resolves when it answers. @throws with the end of its log when it does not within a minute */
export async function startKafka(options: KafkaBrokerOptions): Promise<KafkaBroker> {
  fetchBroker();
  const { folder, port } = options;
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'server.properties');
  writeFileSync(file, properties(options));
  if (!existsSync(join(folder, 'data'))) format(file);
  let child = await launch(options, file);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await exited;
  };
  return {
    address: `127.0.0.1:${port}`,
    kill: () => end('SIGKILL'),
    start: async () => {
      await end('SIGKILL');
      child = await launch(options, file);
    },
    stop: () => end('SIGTERM'),
    dispose: () => end('SIGKILL'),
  };
}

function haveJars(): boolean {
  return existsSync(stamp) && readFileSync(stamp, 'utf8').trim() === pomHash();
}

function pomHash(): string {
  return createHash('sha256').update(readFileSync(pom)).digest('hex');
}

function runs(command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function properties({ folder, port, controllerPort, settings }: KafkaBrokerOptions): string {
  const all: Record<string, string | number> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `BROKER://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `BROKER://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'BROKER',
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

function format(file: string): void {
  // The same for every cluster: they never meet.
  const clusterId = Buffer.alloc(16, 7).toString('base64url');
  java(['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', file]);
}

function java(args: readonly string[]): void {
  execFileSync('java', ['-cp', join(jars, '*'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function launch({ folder, port }: KafkaBrokerOptions, file: string): Promise<ChildProcess> {
  const log = join(folder, 'broker.log');
  const output = openSync(log, 'a');
  const args = [...javaOptions, '-cp', join(jars, '*'), 'kafka.Kafka', file];
  const child = spawn('java', args, { stdio: ['ignore', output, output] });
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
