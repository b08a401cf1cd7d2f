import { hostLabels } from '@plimsoll/model';
import { beforeEach, describe, expect, test } from 'vitest';
import { CompositeDiscovery, mergeStatus } from '../../src/discovery/composite-discovery.ts';
import type {
  Discovery,
  DiscoveryChange,
  DiscoveryState,
  DiscoveryStatus,
} from '../../src/discovery/discovery.ts';
import { makeTarget, type Target } from '../../src/target.ts';

/** Says what the test tells it to. */
class ToldDiscovery implements Discovery {
  known: Target[] = [];
  removed: Target[] = [];
  mark = '';
  stops = 0;
  #status: DiscoveryStatus = statusOf('absent', 'not started');
  #onChange: (change: DiscoveryChange) => void = () => undefined;

  start(onChange: (change: DiscoveryChange) => void): void {
    this.#onChange = onChange;
  }

  stop(): Promise<void> {
    this.stops += 1;
    return Promise.resolve();
  }

  targets(): readonly Target[] {
    return this.known;
  }

  find(id: string): Target | undefined {
    return [...this.known, ...this.removed].find(({ dockerId }) => dockerId === id);
  }

  status(): DiscoveryStatus {
    return this.#status;
  }

  bookmark(): string {
    return this.mark;
  }

  tell(change: DiscoveryChange): void {
    this.#onChange(change);
  }

  enter(status: DiscoveryStatus): void {
    this.#status = status;
    this.tell({ kind: 'status', status });
  }
}

function statusOf(state: DiscoveryState, reason = ''): DiscoveryStatus {
  return { state, version: '', root: '', reason };
}

function targetOf(id: string, given: Partial<Target> = {}): Target {
  return makeTarget({ dockerId: id, labels: hostLabels('default', 'h'), ...given });
}

let docker: ToldDiscovery;
let kubernetes: ToldDiscovery;
let composite: CompositeDiscovery;
let changes: DiscoveryChange[];

beforeEach(async () => {
  docker = new ToldDiscovery();
  kubernetes = new ToldDiscovery();
  composite = new CompositeDiscovery([
    { name: 'docker', discovery: docker },
    { name: 'kubernetes', discovery: kubernetes },
  ]);
  changes = [];
  await composite.start((change) => changes.push(change));
});

function syncs(): number {
  return changes.filter(({ kind }) => kind === 'synced').length;
}

describe('synced', () => {
  test('when each is', () => {
    docker.tell({ kind: 'synced' });
    expect(syncs()).toBe(0);
    kubernetes.tell({ kind: 'synced' });
    expect(syncs()).toBe(1);
  });

  test('when the others are not there', () => {
    kubernetes.tell({ kind: 'synced' });
    docker.enter(statusOf('absent', 'there is no socket'));
    expect(syncs()).toBe(1);
    docker.enter(statusOf('absent', 'there is still no socket'));
    expect(syncs()).toBe(1);
  });

  test('never while nothing is there, nor while one does not answer', () => {
    docker.enter(statusOf('absent', 'no socket'));
    kubernetes.enter(statusOf('absent', 'no folder'));
    expect(syncs()).toBe(0);
    docker.enter(statusOf('unreachable', 'no answer'));
    expect(syncs()).toBe(0);
  });

  test('again when one comes later', () => {
    kubernetes.tell({ kind: 'synced' });
    docker.enter(statusOf('absent', 'no socket'));
    docker.tell({ kind: 'synced' });
    expect(syncs()).toBe(2);
  });
});

test('containers and what happens to them are those of all; of two the first counts', () => {
  const one = targetOf('1', { logDriver: 'json-file' });
  docker.known = [one];
  kubernetes.known = [targetOf('1'), targetOf('2')];
  expect(composite.targets().map(({ dockerId }) => dockerId)).toEqual(['1', '2']);
  expect(composite.find('1')).toBe(one);
  expect(composite.find('2')?.dockerId).toBe('2');
  expect(composite.find('3')).toBeUndefined();
  docker.known = [];
  docker.removed = [targetOf('2', { state: 'removed' })];
  expect(composite.find('2')?.state).toBe('created');
  const change = { kind: 'target', target: one, previous: undefined } as const;
  kubernetes.tell(change);
  expect(changes).toEqual([change]);
});

test('the bookmark is the one that there is', () => {
  expect(composite.bookmark()).toBe('');
  docker.mark = '17.5';
  expect(composite.bookmark()).toBe('17.5');
});

test('a state is told when it is news to the whole', () => {
  docker.enter(statusOf('absent', 'no socket'));
  kubernetes.enter(statusOf('connected'));
  docker.enter(statusOf('absent', 'no socket here'));
  const told = changes.flatMap((change) =>
    change.kind === 'status' ? [`${change.status.state} ${change.status.reason}`] : [],
  );
  expect(told).toEqual(['absent docker: no socket; kubernetes: not started', 'connected ']);
});

test('stopping stops all', async () => {
  await composite.stop();
  expect([docker.stops, kubernetes.stops]).toEqual([1, 1]);
});

test.each<[DiscoveryState, DiscoveryState, { state: DiscoveryState; reason: string }]>([
  ['connected', 'connected', { state: 'connected', reason: '' }],
  ['absent', 'connected', { state: 'connected', reason: '' }],
  ['absent', 'absent', { state: 'absent', reason: 'docker: a; kubernetes: b' }],
  ['unreachable', 'connected', { state: 'unreachable', reason: 'docker: a' }],
  ['absent', 'unreachable', { state: 'unreachable', reason: 'kubernetes: b' }],
  ['unreachable', 'unreachable', { state: 'unreachable', reason: 'docker: a; kubernetes: b' }],
])('%s and %s are %o', (first, second, expected) => {
  const merged = mergeStatus([
    { name: 'docker', status: statusOf(first, first === 'connected' ? '' : 'a') },
    {
      name: 'kubernetes',
      status: {
        ...statusOf(second, second === 'connected' ? '' : 'b'),
        problems: ['p'],
        refused: 2,
      },
    },
  ]);
  expect(merged).toMatchObject(expected);
  expect(merged.problems).toEqual(['kubernetes: p']);
  expect(merged.refused).toBe(2);
});
