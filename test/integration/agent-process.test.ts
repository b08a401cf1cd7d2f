/** `plimsoll-collector` as a process of its own: a plain log file, a real Kafka broker, signals. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { kafkaMissing, startKafka, type KafkaBroker } from '@plimsoll/infra/kafka';
import { decodeFrame } from '@plimsoll/model';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { readKafkaTopic } from '../harness/kafka-topic.ts';
import { freePort } from '../harness/plimsoll-process.ts';
import { isSkipped } from '../harness/requirement.ts';

const main = resolve(import.meta.dirname, '../../packages/agent/src/main.ts');
const missing = kafkaMissing();

describe.skipIf(isSkipped(missing))(`plimsoll-collector${missing ?? ''}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-process-'));
  const logFile = join(folder, 'app.log');
  const configFile = join(folder, 'plimsoll.yaml');
  let broker: KafkaBroker;
  let child: ChildProcess | null = null;
  let url = '';
  let output = '';

  const configure = async (collector: object = {}): Promise<void> => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    writeConfig(port, collector);
  };
  const writeConfig = (port: number, collector: object): void => {
    const config = {
      data_dir: join(folder, 'data'),
      http: { port },
      collector: {
        host: 'h',
        docker: { enabled: false },
        kubernetes: { enabled: 'never' },
        orphans: { enabled: false },
        logs: { files: [logFile], flush_interval: '100ms' },
        ...collector,
      },
      transport: { mode: 'kafka', kafka: { brokers: [broker.address], topic_prefix: 'p' } },
    };
    writeFileSync(configFile, JSON.stringify(config));
  };
  const start = async (): Promise<void> => {
    output = '';
    child = spawn(process.execPath, [main, '--config', configFile], { cwd: folder });
    child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await eventually('an answer', 30_000, async () => (await fetch(`${url}/healthz`)).ok);
  };
  const stop = async (): Promise<{ code: number | null; ms: number }> => {
    const from = performance.now();
    const code = await new Promise<number | null>((done) => {
      child?.once('exit', done);
      child?.kill('SIGTERM');
    });
    child = null;
    return { code, ms: performance.now() - from };
  };
  const storedLines = async (): Promise<string[]> => {
    const messages = await readKafkaTopic(broker.address, 'p.logs', 1);
    const frames = await Promise.all(messages.map(({ value }) => decodeFrame(value)));
    return frames
      .flatMap((frame) => (frame.kind === 'logs' ? frame.payload.toString().split('\n') : []))
      .filter((line) => line !== '');
  };
  const metrics = async (): Promise<string> => (await fetch(`${url}/metrics`)).text();

  beforeAll(async () => {
    const [port, controllerPort] = [await freePort(), await freePort()];
    broker = await startKafka({ folder: join(folder, 'kafka'), port, controllerPort });
  });
  afterEach(async () => {
    if (child !== null) await stop();
  });
  afterAll(async () => {
    await broker.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  test('--once publishes what is there, each line once, and ends with 0', async () => {
    writeFileSync(logFile, 'one\ntwo\nthree\n');
    await configure();
    const args = [main, '--once', '--config', configFile];
    execFileSync(process.execPath, args, { cwd: folder, stdio: 'pipe' });
    expect(await storedLines()).toEqual(['one', 'two', 'three']);
    appendFileSync(logFile, 'four\n');
    execFileSync(process.execPath, args, { cwd: folder, stdio: 'pipe' });
    expect(await storedLines()).toEqual(['one', 'two', 'three', 'four']);
  });

  test('SIGHUP with a broken configuration changes nothing, with a new one takes it', async () => {
    const second = join(folder, 'second.log');
    writeFileSync(second, 'of the second\n');
    await configure();
    await start();
    const { port } = new URL(url);
    writeFileSync(configFile, 'collector: {logs: {fils: []}}');
    child?.kill('SIGHUP');
    await eventually('the refusal', 10_000, async () =>
      (await metrics()).includes('plimsoll_process_reloads_total{result="refused"} 1'),
    );
    expect(output).toContain('collector.logs.fils: expected a known key');
    appendFileSync(logFile, 'five\n');
    await eventually('a line under the old configuration', 10_000, async () =>
      (await storedLines()).includes('five'),
    );
    writeConfig(Number(port), { logs: { files: [logFile, second], flush_interval: '100ms' } });
    child?.kill('SIGHUP');
    await eventually('a line under the new configuration', 20_000, async () =>
      (await storedLines()).includes('of the second'),
    );
    appendFileSync(logFile, 'six\n');
    await eventually('a line after it', 10_000, async () => (await storedLines()).includes('six'));
    expect((await storedLines()).filter((line) => line !== 'of the second')).toEqual([
      'one',
      'two',
      'three',
      'four',
      'five',
      'six',
    ]);
    expect(await stop()).toMatchObject({ code: 0 });
  });

  test('while Kafka is away it is alive and not ready, says why, and stops within 6 s', async () => {
    await configure();
    await start();
    await broker.stop();
    appendFileSync(logFile, 'seven\n');
    const answer = await eventually('it to be not ready', 30_000, async () => {
      const ready = await fetch(`${url}/readyz`);
      return ready.status === 503 ? ready.text() : null;
    });
    expect(answer).toContain(`Kafka at ${broker.address} does not answer`);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const { code, ms } = await stop();
    expect(code).toBe(0);
    expect(ms).toBeLessThan(7000);
    await broker.start();
    await start();
    await eventually('the line that waited', 20_000, async () =>
      (await storedLines()).includes('seven'),
    );
  });
});
