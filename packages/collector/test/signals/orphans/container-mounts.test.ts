import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  devicesInUse,
  findContainerMounts,
  mountedNetworks,
} from '../../../src/signals/orphans/container-mounts.ts';
import { parseMountinfo } from '../../../src/stats/cgroup/mountinfo.ts';

const seed = Number(process.env['FAST_CHECK_SEED'] ?? 20_260_131);
const id = 'ab'.repeat(32);

const host = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
25 22 0:22 / /dev rw - devtmpfs devtmpfs rw
26 25 0:23 / /dev/shm rw,nosuid - tmpfs tmpfs rw
46 22 0:39 / /var/lib/docker/overlay2/${id}/merged rw,relatime shared:2 - overlay overlay rw,lowerdir=l1:l2,upperdir=u,workdir=w
47 22 0:40 / /var/lib/docker/overlay2/${'cd'.repeat(12)}yz/merged rw - overlay overlay rw
48 22 0:41 / /var/lib/docker/containers/${id}/mounts/shm rw - tmpfs shm rw,size=65536k
49 22 0:42 / /run/containerd/io.containerd.runtime.v2.task/k8s.io/${id}/rootfs rw - overlay overlay rw
50 22 0:43 / /run/containerd/io.containerd.grpc.v1.cri/sandboxes/${id}/shm rw - tmpfs shm rw
51 22 0:44 / /var/lib/docker/rootfs/overlayfs/${id} rw - overlay overlay rw
92 22 0:4 net:[4026532184] /run/docker/netns/4b854681bc7f rw - nsfs nsfs rw
93 22 0:4 net:[4026532185] /run/netns/cni-0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f rw - nsfs nsfs rw
94 22 0:4 net:[4026531833] /run/docker/netns/default rw - nsfs nsfs rw
95 22 0:4 net:[4026532186] /run/docker/netns/ingress_sbox rw - nsfs nsfs rw
96 22 0:4 net:[4026532187] /run/docker/netns/1-x9k2m1qqzz rw - nsfs nsfs rw
97 22 0:4 mnt:[4026532188] /run/snapd/ns/lxd.mnt rw - nsfs nsfs rw
98 22 0:45 / /home/user/overlay2/merged rw - overlay overlay rw
99 22 0:46 / /tmp/shm rw - tmpfs tmpfs rw
`;

describe('mounts of containers', () => {
  it('are told by their paths, and those of the host and of Swarm left alone', () => {
    const found = findContainerMounts(parseMountinfo(host));
    expect(found.map(({ type, identity }) => `${type} ${identity}`)).toEqual([
      'root 0:39',
      'root 0:40',
      'shm 0:41',
      'root 0:42',
      'shm 0:43',
      'root 0:44',
      'network_namespace 4026532184',
      'network_namespace 4026532185',
    ]);
    expect(found.map(({ containerId }) => containerId)).toEqual(['', '', id, id, id, id, '', '']);
  });

  it('are each counted once, listed in however many namespaces', () => {
    expect(findContainerMounts(parseMountinfo(host + host))).toHaveLength(8);
  });

  it('give all network namespaces that are mounted, of the host and of Swarm too', () => {
    expect(mountedNetworks(parseMountinfo(host))).toHaveLength(5);
  });

  it('are in use by whoever has them as root or as shared memory', () => {
    const own = `700 600 0:39 / / rw - overlay overlay rw
701 700 0:50 / /proc rw - proc proc rw
702 700 0:41 / /dev/shm rw - tmpfs shm rw
703 700 0:40 / /mnt/other rw - overlay overlay rw
`;
    expect(devicesInUse(own)).toEqual(['0:39', '0:41']);
    expect(devicesInUse(host)).toEqual(['254:0', '0:23']);
  });

  it('are parsed without an error from any text', () => {
    const words = [
      '1 ',
      '0:39 ',
      '/ ',
      ' - ',
      'overlay',
      'nsfs',
      'net:[1]',
      '\\040',
      '\n',
      'tmpfs',
    ];
    const piece = fc.constantFrom(...words, `/overlay2/${id}/merged`, '/a/netns/', 'shm');
    const text = fc.oneof(
      fc.string(),
      fc.array(piece).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, (mountinfo) => {
        const mounts = parseMountinfo(mountinfo);
        findContainerMounts(mounts);
        mountedNetworks(mounts);
        expect(devicesInUse(mountinfo).every((device) => /^\d+:\d+$/.test(device))).toBe(true);
      }),
      { seed },
    );
  });
});
