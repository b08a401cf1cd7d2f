import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assignPartitions, type GroupMemberState } from '../../src/kafka/assignor.ts';
import {
  decodeAssignment,
  decodeMember,
  encodeAssignment,
  encodeSubscription,
} from '../../src/kafka/group-protocol.ts';

const topics = [
  { topic: 'p.logs', partitions: 12 },
  { topic: 'p.rows', partitions: 12 },
];
const members = (
  ids: readonly string[],
  before = new Map<string, GroupMemberState['owned']>(),
): GroupMemberState[] =>
  ids.map((memberId) => ({ memberId, generation: 1, owned: before.get(memberId) ?? [] }));
const names = (partitions: GroupMemberState['owned']): string[] =>
  partitions.map(({ topic, partition }) => `${topic}/${partition}`);

describe('the assignment', () => {
  test('gives each partition to one, and evenly', () => {
    const count = fc.integer({ min: 1, max: 9 });
    const sizes = fc.tuple(fc.nat(20), fc.nat(20));
    fc.assert(
      fc.property(count, sizes, (n, [logs, rows]) => {
        const ids = Array.from({ length: n }, (_, i) => `m${i}`);
        const of = [
          { topic: 'p.logs', partitions: logs },
          { topic: 'p.rows', partitions: rows },
        ];
        const assigned = [...assignPartitions(members(ids), of).values()];
        expect(new Set(assigned.flatMap(names)).size).toBe(logs + rows);
        expect(assigned.flat().length).toBe(logs + rows);
        const totals = assigned.map((partitions) => partitions.length);
        expect(Math.max(...totals) - Math.min(...totals)).toBeLessThanOrEqual(1);
        for (const { topic } of of) {
          const counts = assigned.map((all) => all.filter((each) => each.topic === topic).length);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  test('stays as it is when nobody came or went, in whatever order they ask', () => {
    const ids = ['a', 'b', 'c', 'd', 'e'];
    const first = assignPartitions(members(ids), topics);
    const again = assignPartitions(members(ids.toReversed(), first), topics.toReversed());
    expect(again).toEqual(first);
  });

  test('moves only what must move when one comes or goes', () => {
    const before = assignPartitions(members(['a', 'b', 'c']), topics);
    const more = assignPartitions(members(['a', 'b', 'c', 'd'], before), topics);
    for (const id of ['a', 'b', 'c']) {
      expect(names(before.get(id) ?? [])).toEqual(
        expect.arrayContaining(names(more.get(id) ?? [])),
      );
    }
    const less = assignPartitions(members(['a', 'b', 'd'], more), topics);
    for (const id of ['a', 'b', 'd']) {
      expect(names(less.get(id) ?? [])).toEqual(expect.arrayContaining(names(more.get(id) ?? [])));
    }
  });

  test('believes who had it last where two claim a partition', () => {
    const owned = [{ topic: 'p.logs', partition: 0 }];
    const assigned = assignPartitions(
      [
        { memberId: 'a', generation: 3, owned },
        { memberId: 'b', generation: 4, owned },
      ],
      [{ topic: 'p.logs', partitions: 2 }],
    );
    expect(names(assigned.get('b') ?? [])).toEqual(['p.logs/0']);
  });

  test('leaves a member without any when there are too few', () => {
    const assigned = assignPartitions(members(['a', 'b']), [{ topic: 't', partitions: 1 }]);
    expect([...assigned.values()].map((all) => all.length)).toEqual([1, 0]);
  });
});

describe('what members tell one another', () => {
  const owned = [
    { topic: 'p.logs', partition: 3 },
    { topic: 'p.rows', partition: 0 },
  ];

  test('comes back as it was', () => {
    const bytes = encodeSubscription({ topics: ['p.logs'], owned, generation: 7, nonce: 1 });
    expect(decodeMember('m', bytes)).toEqual({ memberId: 'm', generation: 7, owned });
    expect(decodeAssignment(encodeAssignment(owned))).toEqual(owned);
  });

  test('differs by its nonce, so that the coordinator begins another generation', () => {
    const said = { topics: ['p.logs'], owned, generation: 7 };
    expect(encodeSubscription({ ...said, nonce: 1 })).not.toEqual(
      encodeSubscription({ ...said, nonce: 2 }),
    );
  });

  test('may be anything: such a member has nothing yet', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(decodeMember('m', Buffer.from(bytes))).toMatchObject({ memberId: 'm', owned: [] });
      }),
    );
    expect(decodeAssignment(Buffer.alloc(0))).toEqual([]);
  });
});
