import { severities } from '@plimsoll/model';
import { describe, expect, test } from 'vitest';
import { mapLabels, severityOfNumber, severityOfText } from '../../src/logs/known-labels.ts';

/** Without what is empty. */
function mapped(labels: Record<string, string>): object {
  const { columns, stream, severity, rest } = mapLabels(Object.entries(labels));
  const all = { ...columns, stream, severity, rest: Object.fromEntries(rest) };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
}

test.each<[string, Record<string, string>, object]>([
  [
    'Promtail on Kubernetes',
    {
      namespace: 'shop',
      pod: 'web-0',
      container: 'web',
      node_name: 'n1',
      stream: 'stderr',
      job: 'shop/web',
    },
    {
      host: 'n1',
      container_name: 'web',
      kubernetes_namespace: 'shop',
      kubernetes_pod: 'web-0',
      kubernetes_container: 'web',
      stream: 'stderr',
      rest: { job: 'shop/web' },
    },
  ],
  [
    'OpenTelemetry on Kubernetes',
    {
      'k8s.namespace.name': 'shop',
      'k8s.pod.name': 'web-0',
      'k8s.container.name': 'web',
      'k8s.node.name': 'n1',
      'container.id': 'abc',
      'container.image.name': 'registry:5000/shop/web',
      'container.image.tag': '1.2',
      'log.iostream': 'stdout',
      'service.name': 'shop-web',
    },
    {
      host: 'n1',
      container_id: 'abc',
      container_name: 'web',
      image: 'registry:5000/shop/web:1.2',
      kubernetes_namespace: 'shop',
      kubernetes_pod: 'web-0',
      kubernetes_container: 'web',
      stream: 'stdout',
      rest: { 'container.image.tag': '1.2', 'service.name': 'shop-web' },
    },
  ],
  [
    'Docker Compose',
    { container_name: 'shop-web-1', compose_project: 'shop', compose_service: 'web', host: 'h' },
    {
      host: 'h',
      container_name: 'shop-web-1',
      compose_project: 'shop',
      compose_service: 'web',
      rest: {},
    },
  ],
  [
    'a service without a container',
    { service_name: 'web' },
    { container_name: 'web', rest: { service_name: 'web' } },
  ],
  [
    'a file',
    { filename: '/var/log/syslog', job: 'varlogs' },
    { container_name: '/var/log/syslog', rest: { filename: '/var/log/syslog', job: 'varlogs' } },
  ],
  [
    'the stronger of two names; the weaker stays a label',
    { instance: '10.0.0.1:9100', hostname: 'h' },
    { host: 'h', rest: { instance: '10.0.0.1:9100' } },
  ],
  ['a stream that is none', { stream: 'audit' }, { rest: { stream: 'audit' } }],
  ['a level that is ours', { level: 'warn' }, { severity: 'warn', rest: {} }],
  ['a level that says more', { level: 'Notice' }, { severity: 'info', rest: { level: 'Notice' } }],
  [
    'a level that is none',
    { level: 'verbose5', severity: 'error' },
    { severity: 'error', rest: { level: 'verbose5' } },
  ],
  ['empty values', { pod: '', a: '' }, { rest: {} }],
  ['a value too long for a column', { pod: 'x'.repeat(1025) }, { rest: { pod: 'x'.repeat(1025) } }],
  [
    'names of JavaScript’s own',
    { constructor: 'x', toString: 'y' },
    { rest: { constructor: 'x', toString: 'y' } },
  ],
])('%s', (_name, labels, expected) => {
  expect(mapped(labels)).toEqual(expected);
});

test('of a name that comes twice the last counts, and an empty one takes it away', () => {
  expect(
    mapLabels([
      ['pod', 'a'],
      ['pod', 'b'],
      ['x', '1'],
      ['x', ''],
    ]),
  ).toMatchObject({
    columns: { kubernetes_pod: 'b' },
    rest: [],
  });
});

describe('severity', () => {
  test('of OpenTelemetry’s numbers', () => {
    const names = Array.from({ length: 26 }, (_, number) => severityOfNumber(number));
    expect(names[0]).toBe('');
    expect(names.slice(1, 25)).toEqual(
      severities.slice(1).flatMap((name) => [name, name, name, name]),
    );
    expect(names[25]).toBe('');
    expect([severityOfNumber(-1), severityOfNumber(NaN)]).toEqual(['', '']);
  });

  test('of words', () => {
    expect(
      ['WARNING', 'Err', 'crit', 'notice', 'unknown', '', '__proto__'].map(severityOfText),
    ).toEqual(['warn', 'error', 'fatal', 'info', '', '', '']);
  });
});
