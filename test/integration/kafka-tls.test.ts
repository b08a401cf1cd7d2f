/** A broker that wants TLS, a client's certificate, and a password. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaMissing, startKafka, type KafkaBroker } from '@plimsoll/infra/kafka';
import { configSchema, Metrics, silentLogger } from '@plimsoll/runtime';
import { checkKafka, KafkaPublisher, KafkaSubscriber } from '@plimsoll/transport';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { freePort } from '../harness/plimsoll-process.ts';
import { isSkipped } from '../harness/requirement.ts';

const missing = kafkaMissing();

describe.skipIf(isSkipped(missing))(`Kafka with TLS and SASL${missing ?? ''}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-kafka-tls-'));
  const file = (name: string): string => join(folder, name);
  let broker: KafkaBroker;

  beforeAll(async () => {
    makeCertificate(folder);
    const [port, controllerPort] = [await freePort(), await freePort()];
    const security = 'org.apache.kafka.common.security';
    const login = `${security}.plain.PlainLoginModule required`;
    const scramLogin = `${security}.scram.ScramLoginModule required;`;
    broker = await startKafka({
      folder: file('kafka'),
      port,
      controllerPort,
      scramUsers: { scrambled: 'sesame' },
      settings: {
        'listener.security.protocol.map': 'BROKER:SASL_SSL,CONTROLLER:PLAINTEXT',
        'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
        'sasl.mechanism.inter.broker.protocol': 'PLAIN',
        'listener.name.broker.plain.sasl.jaas.config': `${login} username="b" password="b" user_b="b" user_agent="sesame";`,
        'listener.name.broker.scram-sha-256.sasl.jaas.config': scramLogin,
        'listener.name.broker.scram-sha-512.sasl.jaas.config': scramLogin,
        'listener.name.broker.ssl.client.auth': 'required',
        'ssl.keystore.type': 'PEM',
        'ssl.keystore.location': file('both.pem'),
        'ssl.truststore.type': 'PEM',
        'ssl.truststore.location': file('cert.pem'),
      },
    });
  });
  afterAll(async () => {
    await broker.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  const tls = { enabled: true, ca: file('cert.pem'), cert: file('cert.pem'), key: file('key.pem') };
  const sasl = { mechanism: 'plain', username: 'agent', password: 'sesame' };
  const kafkaConfig = (changes: object) =>
    configSchema.parse({ transport: { kafka: { brokers: [broker.address], ...changes } } })
      .transport.kafka;

  const publish = async (config: ReturnType<typeof kafkaConfig>, text: string): Promise<void> => {
    const publisher = new KafkaPublisher({
      config,
      logger: silentLogger(),
      metrics: new Metrics(),
    });
    publisher.start();
    await publisher.publish({ key: 't/h', kind: 'logs', bytes: Buffer.from(text) });
    expect(publisher.health()).toEqual({ ok: true });
    await publisher.stop();
  };

  test('takes frames from a client with both', async () => {
    const config = kafkaConfig({ tls, sasl });
    await publish(config, 'hello');
    expect(await checkKafka(config)).toMatchObject([{ level: 'ok' }]);
  });

  const consume = (config: ReturnType<typeof kafkaConfig>) => {
    const subscriber = new KafkaSubscriber({
      config,
      limits: {
        batchMaxBytes: 1_000_000,
        batchMaxRows: 100_000,
        flushIntervalMs: 20,
        maxInFlightBytes: 64 * 1024 * 1024,
      },
      logger: silentLogger(),
      metrics: new Metrics(),
    });
    const frames: string[] = [];
    const running = subscriber.run((batch) => {
      frames.push(...batch.frames.map(String));
      return Promise.resolve();
    }, new AbortController().signal);
    return { subscriber, frames, running };
  };

  test('gives frames to a consumer with both, and doctor tells how far it is', async () => {
    const config = kafkaConfig({ tls, sasl });
    const { subscriber, frames, running } = consume(config);
    await eventually('the frame', 20_000, () => Promise.resolve(frames.includes('hello')));
    await subscriber.stop();
    await running;
    expect(await checkKafka(config)).toMatchObject([
      { level: 'ok' },
      { level: 'ok', message: 'the group plimsoll-ingest has 0 frames before it' },
    ]);
  });

  test.each(['scram-sha-256', 'scram-sha-512'])('takes and gives with %s', async (mechanism) => {
    const config = kafkaConfig({
      tls,
      sasl: { mechanism, username: 'scrambled', password: 'sesame' },
      group: mechanism,
    });
    const text = `by ${mechanism}`;
    await publish(config, text);
    const { subscriber, frames, running } = consume(config);
    await eventually('the frame', 20_000, () => Promise.resolve(frames.includes(text)));
    await subscriber.stop();
    await running;
    const wrong = kafkaConfig({
      tls,
      sasl: { mechanism, username: 'scrambled', password: 'wrong' },
    });
    const [report] = await checkKafka(wrong);
    expect(report?.level).toBe('fail');
    expect(report?.message).toMatch(/authentication|credentials/i);
  });

  test('a consumer with a wrong password says so', async () => {
    const config = kafkaConfig({ tls, sasl: { ...sasl, password: 'wrong' } });
    const { subscriber, running } = consume(config);
    await eventually('a reason', 20_000, () =>
      Promise.resolve(/authentication|credentials/i.test(subscriber.health().reason ?? '')),
    );
    expect(subscriber.health().ok).toBe(false);
    await subscriber.stop();
    await running;
  });

  test.each([
    [
      'a wrong password',
      { tls, sasl: { ...sasl, password: 'wrong' } },
      /authentication|credentials/i,
    ],
    ['an authority that is not known', { tls: { ...tls, ca: undefined }, sasl }, /certificate/],
    ['no certificate', { tls: { ...tls, cert: undefined, key: undefined }, sasl }, /./],
    ['no TLS', { sasl }, /./],
    ['a file that is not there', { tls: { ...tls, key: '/none.pem' } }, /tls\.key: ENOENT/],
  ])('refuses %s, and doctor says so', async (_, changes, words) => {
    const [report] = await checkKafka(kafkaConfig(changes));
    expect(report).toMatchObject({ level: 'fail' });
    expect(report?.message).toMatch(words);
    expect(report?.message).not.toMatch(/sesame|wrong/);
  });
});

function makeCertificate(folder: string): void {
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2'];
  const names = ['-subj', '/CN=plimsoll-test', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')];
  execFileSync('openssl', [...request, ...names, ...files], { stdio: 'pipe' });
  const both = ['key.pem', 'cert.pem'].map((name) => readFileSync(join(folder, name), 'utf8'));
  writeFileSync(join(folder, 'both.pem'), both.join(''));
}
