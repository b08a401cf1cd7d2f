import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeContainer, type DescribeContext } from '../../src/discovery/describe-container.ts';
import { chooseDigest } from '../../src/discovery/image-digests.ts';
import { logSourceOf } from '../../src/discovery/log-source.ts';
import { composeDependencies } from '../../src/discovery/workload-labels.ts';
import type { Target } from '../../src/target.ts';

const id = 'ab'.repeat(32);
const digest = `sha256:${'0f'.repeat(32)}`;
const context: DescribeContext = {
  host: 'host-a',
  tenantOf: () => 'default',
  daemon: { version: '28.1.0', cgroupDriver: 'systemd', securityOptions: null },
  hasLogApi: true,
};

function described(fields: object): Target {
  const target = describeContainer({ Id: id, ...fields }, context);
  if (!target) throw new Error('expected a target');
  return target;
}

test('no JSON is too strange to be described or refused', () => {
  const keys =
    'Config HostConfig State Labels Mounts LogConfig Health SecurityOpt CapAdd Devices StopTimeout Type';
  const known = fc.constantFrom(...keys.split(' '));
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      fc.jsonValue(),
      fc.constant(id),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.oneof(known, fc.string()), tie('value'), { maxKeys: 5 }),
    ),
  }));
  fc.assert(
    fc.property(value, fc.dictionary(known, value, { maxKeys: 8 }), (json, fields) => {
      expect(() => describeContainer(json, context)).not.toThrow();
      const target = describeContainer({ ...fields, Id: id }, context);
      expect(target?.dockerId).toBe(id);
      expect(JSON.stringify(target)).toContain(id);
    }),
    { numRuns: 300 },
  );
});

describe('a Swarm or Compose workload', () => {
  test.each([
    ['db:service_healthy:false,cache:service_started:true', ['db', 'cache']],
    ['db:service_healthy,db:service_started', ['db']],
    ['', []],
    [',:x, ,db', ['db']],
  ])('waits for the services of %j', (written, services) => {
    expect(composeDependencies({ 'com.docker.compose.depends_on': written })).toEqual(services);
  });

  test('names 100 services at most', () => {
    const many = Array.from({ length: 150 }, (_each, index) => `s${index}:service_started`);
    expect(composeDependencies({ 'com.docker.compose.depends_on': many.join(',') })).toHaveLength(
      100,
    );
  });

  test('has the digest that its image is named by', () => {
    expect(described({ Config: { Image: `shop/app:1@${digest}` } }).imageDigest).toBe(digest);
  });
});

test('a container of the kubelet has its pod, its request of CPU and its pause container', () => {
  const labels = { 'io.kubernetes.pod.uid': 'uid-1', 'io.kubernetes.docker.type': 'podsandbox' };
  const target = described({ Config: { Labels: labels }, HostConfig: { CpuShares: 512 } });
  expect(target).toMatchObject({
    podUid: 'uid-1',
    isSandbox: true,
    requests: { memoryBytes: 0, cpuCores: 0.5 },
  });
  expect(described({ HostConfig: { CpuShares: 512 } }).requests.cpuCores).toBe(0);
});

test('what is not written has the default of Docker', () => {
  expect(described({ HostConfig: { NetworkMode: 'default' } })).toMatchObject({
    networkMode: 'bridge',
    stopTimeoutSeconds: 10,
    healthStartPeriodSeconds: 0,
    hasInit: false,
  });
  expect(described({ Config: { StopTimeout: -1 } }).stopTimeoutSeconds).toBe(-1);
  expect(described({ Config: { StopTimeout: 0 } }).stopTimeoutSeconds).toBe(0);
  const healthcheck = { StartPeriod: 1_500_000_000 };
  expect(described({ Config: { Healthcheck: healthcheck } }).healthStartPeriodSeconds).toBe(2);
});

describe('the log of a container', () => {
  test.each([
    ['json-file', {}, '', true, 'docker-file'],
    ['json-file', {}, '', false, 'docker-file'],
    ['local', {}, '19.03.1', true, 'docker-api'],
    ['local', {}, '', false, 'none'],
    ['journald', {}, '', true, 'docker-api'],
    ['none', {}, '', true, 'none'],
    ['syslog', {}, '19.03.15', true, 'none'],
    ['syslog', {}, '20.10.24+dfsg1', true, 'docker-api'],
    ['fluentd', {}, 'dev', true, 'docker-api'],
    ['gelf', { 'cache-disabled': 'true' }, '28.0.0', true, 'none'],
    ['gelf', { 'cache-disabled': 'false' }, '28.0.0', true, 'docker-api'],
  ])('of driver %s with %j and a daemon %s (api: %s) is had from: %s', (...given) => {
    const [name, options, daemonVersion, hasApi, source] = given;
    expect(logSourceOf({ name, options }, { hasApi, daemonVersion })).toBe(source);
  });
});

describe('an image of several repositories', () => {
  const other = `sha256:${'1e'.repeat(32)}`;
  const repoDigests = [`mirror:5000/app@${other}`, `shop/app@${digest}`, 'broken', 'x@sha256:1'];

  test.each([
    ['shop/app:1', digest],
    ['shop/app', digest],
    ['mirror:5000/app:1', other],
    ['mirror:5000/app', other],
    ['elsewhere/app:2', other],
  ])('has the digest of the one that %s names', (image, expected) => {
    expect(chooseDigest({ repoDigests }, image)).toBe(expected);
  });

  test('has none when it was never pulled or pushed', () => {
    expect(chooseDigest({ repoDigests: [] }, 'shop/app:1')).toBe('');
    expect(chooseDigest(null, 'shop/app:1')).toBe('');
  });
});
