import { expect, test } from 'vitest';
import { toStorageError } from '../src/engine-error.ts';
import type { StorageErrorCode } from '../src/index.ts';

const cases: readonly (readonly [number, string, StorageErrorCode])[] = [
  [252, 'Too many parts (3000). Merges are processing significantly slower', 'too_many_parts'],
  [242, 'Table is in readonly mode', 'read_only'],
  [164, 'Cannot execute query in readonly mode', 'forbidden'],
  [225, 'Cannot get ZooKeeper session', 'replication'],
  [999, 'Coordination error: Connection loss', 'replication'],
  [319, 'Unknown status, client must retry', 'replication'],
  [285, 'Number of alive replicas (1) is less than requested quorum (2)', 'replication'],
  [202, 'Too many simultaneous queries', 'overloaded'],
  [745, 'CPU is overloaded', 'overloaded'],
  [241, 'Memory limit (total) exceeded', 'memory_limit'],
  [561, 'ZSTD decoder failed: Allocation error : not enough memory', 'memory_limit'],
  [561, 'ZSTD decoder failed: Data corruption detected', 'bad_data'],
  [159, 'Timeout exceeded', 'timeout'],
  [209, 'Timeout exceeded while reading from socket', 'timeout'],
  [210, 'Connection reset by peer', 'unreachable'],
  [243, 'Cannot reserve 1.00 MiB, not enough space', 'disk_full'],
  [1001, 'filesystem error: No space left on device', 'disk_full'],
  [75, 'Cannot write to file, errno: 28', 'disk_full'],
  [27, 'Cannot parse input: expected \',\' before: "No space left on device"', 'bad_data'],
  [469, 'Constraint `lease` for table plimsoll.logs is violated', 'lease_expired'],
  [469, 'Constraint `positive` for table plimsoll.logs is violated', 'bad_data'],
  [48, 'a number that is not listed', 'engine'],
];

test.each(cases)('%i: %s → %s', (number, text, code) => {
  const embedded = new Error(`Code: ${number}. DB::Exception: ${text}. (NAME) (version 26.7.2.1)`);
  expect(toStorageError(embedded)).toMatchObject({ code, clickhouseCode: number });
  const overHttp = Object.assign(new Error(text), { code: String(number), type: 'NAME' });
  expect(toStorageError(overHttp)).toMatchObject({ code, clickhouseCode: number });
});

test('what rows say is not taken for what the engine says', () => {
  const quoting = Object.assign(new Error('Cannot parse "Code: 252. DB::Exception: x"'), {
    code: '27',
  });
  expect(toStorageError(quoting)).toMatchObject({ code: 'bad_data', clickhouseCode: 27 });
});

test.each([
  ['connect ECONNREFUSED 127.0.0.1:1', 'unreachable'],
  ['socket hang up', 'unreachable'],
  ['getaddrinfo EAI_AGAIN db', 'unreachable'],
  ['self-signed certificate', 'unreachable'],
  ['Timeout error.', 'timeout'],
  ['<html>503 Service Unavailable</html>', 'engine'],
] as const)('without a number: %s → %s', (text, code) => {
  expect(toStorageError(new Error(text))).toMatchObject({ code });
});

/** What is final for an insert must never be what time could cure. */
test('only what rows are guilty of is bad data', () => {
  const cured = [3, 10, 12, 40, 74, 75, 76, 95, 96, 107, 173, 198, 201, 202, 203, 209, 210, 218];
  cured.push(225, 236, 241, 242, 243, 244, 246, 252, 253, 254, 271, 279, 285, 286, 290, 319, 369);
  cured.push(373, 384, 394, 439, 473, 499, 571, 574, 692, 733, 745, 749, 762, 776, 777, 778, 999);
  cured.push(1000, 1001, 1002);
  for (const number of cured) {
    const error = toStorageError(new Error(`Code: ${number}. DB::Exception: x. (X)`));
    expect([number, error.code]).not.toEqual([number, 'bad_data']);
    expect([number, error.code]).not.toEqual([number, 'invalid_query']);
  }
});
