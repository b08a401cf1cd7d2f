import { PlimsollError } from '@plimsoll/runtime';
import { expect, test } from 'vitest';
import { withNamedPort } from '../../src/compose/named-port.ts';

const message = 'expected to listen on 127.0.0.1:4271, but another process does';

test('a port that is taken is named by its key, with what to do', async () => {
  const taken = new PlimsollError('port_in_use', message);
  const opening = withNamedPort('clickhouse_http.port', () => Promise.reject(taken));
  await expect(opening).rejects.toMatchObject({
    code: 'port_in_use',
    message: `clickhouse_http.port: ${message}`,
    hint: 'Stop that process, set clickhouse_http.port to another port (0 takes a free one), or switch it off.',
  });
});

test('another failure stays what it is', async () => {
  const failure = new PlimsollError('address_unavailable', 'no such address');
  const opening = withNamedPort('receivers.port', () => Promise.reject(failure));
  await expect(opening).rejects.toBe(failure);
  expect(await withNamedPort('receivers.port', () => Promise.resolve('http://h:1'))).toBe(
    'http://h:1',
  );
});
