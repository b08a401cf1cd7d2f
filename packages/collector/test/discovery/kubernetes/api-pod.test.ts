import {
  array,
  assert,
  boolean,
  constant,
  constantFrom,
  dictionary,
  double,
  letrec,
  oneof,
  property,
  string,
} from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { parseApiPod } from '../../../src/discovery/kubernetes/api-pod.ts';
import { ownerOf } from '../../../src/discovery/kubernetes/pod-owner.ts';
import { parseQuantity } from '../../../src/discovery/kubernetes/quantity.ts';
import { parseBundle } from '../../../src/discovery/kubernetes/runtime-bundle.ts';
import { accountOfToken } from '../../../src/discovery/kubernetes/service-account.ts';

describe('amounts', () => {
  it.each([
    ['100m', 0.1],
    ['2', 2],
    ['1.5', 1.5],
    ['.5', 0.5],
    ['250u', 0.00025],
    ['128Mi', 134_217_728],
    ['1Gi', 1_073_741_824],
    ['1G', 1e9],
    ['12e6', 12e6],
    ['1E', 1e18],
    ['128974848', 128_974_848],
    ['-1', 0],
    ['', 0],
    ['1 Gi', 0],
    ['1KiB', 0],
    ['1e999', 0],
  ])('%s', (written, expected) => {
    expect(parseQuantity(written)).toBeCloseTo(expected, 12);
  });
});

describe('owners', () => {
  const createdAtMs = Date.parse('2026-01-01T10:00:30Z');
  const minutes = Math.floor(createdAtMs / 60_000);
  const web = { kind: 'Deployment', name: 'web' };
  it.each([
    ['ReplicaSet', 'web-7d4b9c', web],
    ['ReplicaSet', 'bare', { kind: 'ReplicaSet', name: 'bare' }],
    ['Job', `backup-${minutes}`, { kind: 'CronJob', name: 'backup' }],
    ['Job', `backup-${minutes - 60}`, { kind: 'CronJob', name: 'backup' }],
    // A date is no number of minutes of these years.
    ['Job', 'import-20260101', { kind: 'Job', name: 'import-20260101' }],
    ['Job', 'import', { kind: 'Job', name: 'import' }],
    ['StatefulSet', `db-${minutes}`, { kind: 'StatefulSet', name: `db-${minutes}` }],
    ['', '', { kind: '', name: '' }],
  ])('%s %s', (kind, name, expected) => {
    const labels = { 'pod-template-hash': '7d4b9c' };
    expect(ownerOf({ controller: { kind, name }, labels, createdAtMs })).toEqual(expected);
  });

  it('is the ReplicaSet itself without the label of a Deployment', () => {
    const controller = { kind: 'ReplicaSet', name: 'web-7d4b9c' };
    expect(ownerOf({ controller, labels: {}, createdAtMs })).toEqual(controller);
  });
});

test('the readiness of a container', () => {
  const health = (spec: object, status: object): string | undefined =>
    parseApiPod({
      metadata: { uid: 'u', name: 'p' },
      spec: { containers: [{ name: 'app', ...spec }] },
      status: { containerStatuses: [{ name: 'app', state: { running: {} }, ...status }] },
    })?.containers.get('app')?.health;
  const probe = { readinessProbe: { initialDelaySeconds: 5 } };
  expect(health(probe, { ready: true, started: true })).toBe('healthy');
  expect(health(probe, { ready: false, started: true })).toBe('unhealthy');
  expect(health(probe, { ready: false, started: false })).toBe('starting');
  expect(health({}, { ready: true })).toBe('');
  expect(health(probe, { ready: false, state: { waiting: {} } })).toBe('');
});

test('CRI-O writes the names of a pod as JSON', () => {
  const labels = {
    'io.kubernetes.pod.namespace': 'shop',
    'io.kubernetes.pod.name': 'web-0',
    'io.kubernetes.container.name': 'app',
  };
  expect(
    parseBundle({
      annotations: {
        'io.kubernetes.cri-o.ContainerType': 'container',
        'io.kubernetes.cri-o.ImageName': 'quay.io/shop:2',
        'io.kubernetes.cri-o.Labels': JSON.stringify(labels),
      },
    }),
  ).toMatchObject({
    isSandbox: false,
    image: 'quay.io/shop:2',
    namespace: 'shop',
    pod: 'web-0',
    container: 'app',
  });
  expect(parseBundle({ annotations: {} })).toBeNull();
});

test('the account of a token', () => {
  const claims = { sub: 'system:serviceaccount:monitoring:plimsoll' };
  const token = `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;
  expect(accountOfToken(token)).toBe('monitoring/plimsoll');
  expect(accountOfToken('opaque')).toBe('');
});

test('no object makes a parser throw', () => {
  const field = constantFrom(
    'metadata',
    'uid',
    'name',
    'labels',
    'annotations',
    'ownerReferences',
    'spec',
    'containers',
    'resources',
    'limits',
    'status',
    'containerStatuses',
    'state',
    'terminated',
    'containerID',
  );
  const anything = letrec((tie) => ({
    value: oneof(
      { maxDepth: 5 },
      string(),
      double(),
      boolean(),
      constant(null),
      array(tie('value'), { maxLength: 3 }),
      dictionary(field, tie('value'), { maxKeys: 5 }),
    ),
  })).value;
  assert(
    property(anything, anything, string(), (object, spec, text) => {
      parseApiPod(object);
      parseApiPod({ metadata: { uid: 'u', name: 'n' }, spec, status: object });
      parseBundle(object);
      accountOfToken(text);
      expect(parseQuantity(text)).toBeGreaterThanOrEqual(0);
    }),
  );
});
