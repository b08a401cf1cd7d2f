import { array, assert, constantFrom, oneof, property, string, uint8Array } from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  linkDestination,
  parseLinkName,
  parseLogName,
  parseLogPath,
  parsePodFolder,
  type PodLogPlace,
} from '../../../src/discovery/kubernetes/pod-log-names.ts';
import {
  parseContainerGroup,
  parseFlatGroup,
  parsePodGroup,
} from '../../../src/discovery/kubernetes/kubepods-names.ts';
import { parseStartTicks } from '../../../src/discovery/kubernetes/init-process.ts';
import { parseUpperDirectory } from '../../../src/discovery/kubernetes/writable-layer.ts';

const uid = '0a1b2c3d-1111-4222-8333-444455556666';
const escaped = uid.replaceAll('-', '_');
const hash = '6f5f0e0ad2ed08fb2e7d3a41b4ee1ab4';
const id = 'ab'.repeat(32);

describe('folders of pods', () => {
  it.each([
    [`shop_web-7d4b9c_${uid}`, { namespace: 'shop', pod: 'web-7d4b9c', uid }],
    [
      `kube-system_etcd-node-1_${hash}`,
      { namespace: 'kube-system', pod: 'etcd-node-1', uid: hash },
    ],
    [`a_b_c_${uid}`, { namespace: 'a', pod: 'b_c', uid }],
    ['lost+found', null],
    ['a_b', null],
    ['_b_c', null],
    ['a__c', null],
    ['a_b_', null],
  ])('%s', (name, expected) => {
    expect(parsePodFolder(name)).toEqual(expected);
  });
});

describe('logs of a container', () => {
  it.each([
    ['0.log', 0],
    ['17.log', 17],
    ['0.log.20260101-000000', null],
    ['0.log.20260101-000000.gz', null],
    ['0.log.tmp', null],
    ['00.log', null],
    ['-1.log', null],
    ['.log', null],
    ['99999999999.log', null],
  ])('%s', (name, expected) => {
    expect(parseLogName(name)).toBe(expected);
  });
});

describe('names of links', () => {
  const place = placeAt({ pod: 'web-0', namespace: 'shop', container: 'app-1' });

  it('give the id', () => {
    expect(parseLinkName(`web-0_shop_app-1-${id}.log`, place)).toEqual({ kind: 'whole', id });
  });

  it('say nothing when they are of another container, or of no shape', () => {
    expect(parseLinkName(`web-0_shop_app-${id}.log`, place)).toEqual({ kind: 'none' });
    expect(parseLinkName(`web-0_shop_app-1-${id}`, place)).toEqual({ kind: 'none' });
    expect(parseLinkName('web-0_shop_app-1-.log', place)).toEqual({ kind: 'none' });
  });

  it('were cut by the kubelet to 255 bytes, from the id on', () => {
    const long = placeAt({ pod: 'p'.repeat(200), namespace: 'n', container: 'c' });
    const whole = `${long.pod}_n_c-${id}`;
    const name = `${whole.slice(0, 251)}.log`;
    expect(parseLinkName(name, long)).toEqual({ kind: 'cut', prefix: id.slice(0, 46) });
    const longer = placeAt({ pod: 'p'.repeat(253), namespace: 'n', container: 'c' });
    const nothing = `${`${longer.pod}_n_c-${id}`.slice(0, 251)}.log`;
    expect(parseLinkName(nothing, longer)).toEqual({ kind: 'cut', prefix: '' });
  });

  it('may lead to a place by a relative path', () => {
    const folder = '/var/log/containers';
    const path = `/var/log/pods/shop_web-0_${uid}/app/2.log`;
    expect(linkDestination(folder, `../pods/shop_web-0_${uid}/app/2.log`)).toBe(path);
    expect(linkDestination(folder, path)).toBe(path);
    expect(parseLogPath(path)).toEqual({
      ...placeAt({ pod: 'web-0', namespace: 'shop', container: 'app' }),
      restartCount: 2,
    });
  });
});

describe('control groups of pods', () => {
  it.each([
    [
      'systemd, burstable',
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${escaped}.slice/cri-containerd-${id}.scope`,
      { podUid: uid, qosClass: 'Burstable', containerId: id },
    ],
    [
      'systemd, guaranteed',
      `/kubepods.slice/kubepods-pod${escaped}.slice/crio-${id}.scope`,
      { podUid: uid, qosClass: 'Guaranteed', containerId: id },
    ],
    [
      'systemd, the monitor of CRI-O',
      `/kubepods.slice/kubepods-pod${escaped}.slice/crio-conmon-${id}.scope`,
      { podUid: uid, qosClass: 'Guaranteed', containerId: '' },
    ],
    [
      'a static pod',
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${hash}.slice/cri-containerd-${id}.scope`,
      { podUid: hash, qosClass: 'Burstable', containerId: id },
    ],
    [
      'cgroupfs, best effort',
      `/kubepods/besteffort/pod${uid}/${id}`,
      { podUid: uid, qosClass: 'BestEffort', containerId: id },
    ],
    [
      'cgroupfs, guaranteed, CRI-O',
      `/kubepods/pod${uid}/crio-${id}`,
      { podUid: uid, qosClass: 'Guaranteed', containerId: id },
    ],
    [
      'a namespace of ours',
      `/../../kubepods-besteffort.slice/kubepods-besteffort-pod${escaped}.slice/cri-containerd-${id}.scope/init.scope`,
      { podUid: uid, qosClass: 'BestEffort', containerId: id },
    ],
    [
      'kind',
      `/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod${escaped}.slice/cri-containerd-${id}.scope`,
      { podUid: uid, qosClass: 'Burstable', containerId: id },
    ],
    [
      'containerd without systemd under a kubelet with it',
      `/system.slice/containerd.service/kubepods-besteffort-pod${escaped}.slice:cri-containerd:${id}`,
      { podUid: uid, qosClass: 'BestEffort', containerId: id },
    ],
    ['Docker', `/docker/${id}`, null],
    ['podman', `/user.slice/podman-1.scope/${id}`, null],
    ['the root', '/', null],
  ])('%s', (_, path, expected) => {
    expect(readPath(path)).toEqual(expected);
  });
});

describe('a process', () => {
  it('tells its start behind any name', () => {
    const rest = Array.from({ length: 30 }, (_, index) => String(index + 4)).join(' ');
    expect(parseStartTicks(`12 (a) b (c) S 1 ${rest}`)).toBe(22 - 1);
    expect(parseStartTicks('12 (a')).toBeNull();
    expect(parseStartTicks('')).toBeNull();
  });

  it('tells its writable layer', () => {
    const mounts = [
      '600 500 0:100 / / rw - overlay overlay rw,lowerdir=/a:/b,upperdir=/var/lib/c/fs,workdir=/w',
      '601 600 0:101 / /proc rw - proc proc rw',
    ].join('\n');
    expect(parseUpperDirectory(mounts)).toBe('/var/lib/c/fs');
    expect(parseUpperDirectory('1 1 8:1 / / rw - ext4 /dev/sda1 rw')).toBe('');
    expect(parseUpperDirectory('')).toBe('');
  });
});

test('no name makes a parser throw', () => {
  const anyName = oneof(
    string({ unit: 'binary' }),
    uint8Array().map((bytes) => Buffer.from(bytes).toString('utf8')),
    array(constantFrom('_', '-', '.log', id, uid, 'pod', 'kubepods', '.slice', '/', ':')).map(
      (parts) => parts.join(''),
    ),
  );
  assert(
    property(anyName, anyName, (name, other) => {
      const pod = parsePodFolder(name);
      expect(pod ? [pod.namespace, pod.pod, pod.uid].join('_') : name).toBe(name);
      parseLogName(name);
      readPath(name);
      parseStartTicks(name);
      parseUpperDirectory(name);
      const place = parseLogPath(`${other}/${name}`);
      const link = parseLinkName(name, place ?? placeAt({ pod: other, namespace: other }));
      expect(link.kind === 'whole' ? link.id : id).toMatch(/^[0-9a-f]{64}$/);
      linkDestination('/var/log/containers', name);
    }),
  );
});

function placeAt(given: Partial<PodLogPlace>): PodLogPlace {
  return { namespace: 'ns', pod: 'pod', uid, container: 'app', restartCount: 0, ...given };
}

/** What the folders of a path say, from the outermost on. */
function readPath(path: string): object | null {
  const folders = path.split('/');
  for (const [index, folder] of folders.entries()) {
    const flat = parseFlatGroup(folder);
    if (flat) return { podUid: flat.podUid, qosClass: flat.qosClass, containerId: flat.id };
    const pod = parsePodGroup(folder, folders[index - 1] ?? '');
    if (!pod) continue;
    const container = parseContainerGroup(folders[index + 1] ?? '');
    return { ...pod, containerId: container?.id ?? '' };
  }
  return null;
}
