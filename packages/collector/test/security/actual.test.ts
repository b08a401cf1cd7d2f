import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  actualFields,
  hostNamespaces,
  parseRootMount,
  parseStatus,
  parseUidMap,
  readActualSecurity,
} from '../../src/security/actual.ts';
import { decodeCapabilities, dockerDefaultCapabilities } from '../../src/security/capabilities.ts';
import { dockerDefaultMask, ProcTree } from './proc-tree.ts';

const containerId = 'ab'.repeat(32);
let folder: string;
let proc: ProcTree;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-proc-'));
  proc = new ProcTree(folder);
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function read(pid: number) {
  return readActualSecurity(folder, { pid, containerId }, hostNamespaces(folder) ?? {});
}

test('the mask of a default container is the default set', () => {
  expect(decodeCapabilities(dockerDefaultMask)).toEqual(dockerDefaultCapabilities);
  expect(decodeCapabilities('0000000000000000')).toEqual([]);
  expect(decodeCapabilities('8000000000000000')).toEqual(['63']);
  expect(decodeCapabilities('x')).toBeNull();
});

test('a process is described as the kernel has it', () => {
  proc.write(7, {
    apparmor: 'docker-default (enforce)',
    shared: ['net', 'user'],
    uidMap: '         0     100000      65536\n',
    root: 'ro',
    noNewPrivs: '1',
    capabilities: '000001ffffffffff',
  });
  const reading = read(7);
  expect(reading?.problems).toEqual([]);
  expect(reading && actualFields(reading.actual)).toEqual({
    actual_seccomp: 'filter',
    actual_no_new_privileges: 'true',
    actual_capabilities: 'ALL',
    actual_root_user: 'remapped',
    actual_apparmor: 'docker-default',
    actual_read_only_rootfs: 'true',
    actual_pid_namespace: 'own',
    actual_network_namespace: 'host',
    actual_ipc_namespace: 'own',
    actual_mount_namespace: 'own',
    actual_uts_namespace: 'own',
    actual_user_namespace: 'host',
    actual_cgroup_namespace: 'own',
  });
});

test('a process that ended, and one of another container, are not described', () => {
  expect(read(8)).toBeNull();
  proc.write(8, { cgroup: `0::/docker/${'cd'.repeat(32)}\n` });
  expect(read(8)).toBeNull();
  proc.write(8, { cgroup: `0::/docker/${'cd'.repeat(32)}/docker/${containerId}\n` });
  expect(read(8)).not.toBeNull();
});

test('what cannot be read is named, the rest is there', () => {
  proc.write(9, {});
  rmSync(join(folder, '9/uid_map'));
  rmSync(join(folder, '9/attr'), { recursive: true });
  const reading = read(9);
  expect(reading?.problems).toEqual([{ file: 'uid_map', code: 'ENOENT' }]);
  expect(reading?.actual).toMatchObject({ seccomp: 'filter' });
  expect(reading?.actual).not.toHaveProperty('userNamespace');
  expect(reading?.actual).not.toHaveProperty('apparmor');
});

test('the label of SELinux is no AppArmor profile', () => {
  proc.write(9, { apparmor: 'system_u:system_r:container_t:s0:c1,c2' });
  expect(read(9)?.actual).not.toHaveProperty('apparmor');
});

test('where the first process hides its namespaces, thread 2 of the kernel has the same', () => {
  proc.write(7, { shared: ['net'] });
  rmSync(join(folder, '1/ns'), { recursive: true });
  expect(hostNamespaces(folder)).toBeNull();
  expect(read(7)?.actual.namespaces).toEqual({});
  proc.write(2, { shared: ['pid', 'net'] });
  // Some process, such as the second one of a container.
  writeFileSync(join(folder, '2/comm'), 'sh\n');
  expect(hostNamespaces(folder)).toBeNull();
  writeFileSync(join(folder, '2/comm'), 'kthreadd\n');
  expect(read(7)?.actual.namespaces).toMatchObject({ net: 'host', pid: 'own' });
});

test('the namespaces of a process that cannot be read are named', () => {
  proc.write(7, {});
  rmSync(join(folder, '7/ns'), { recursive: true });
  expect(read(7)?.problems).toEqual([{ file: 'ns', code: 'ENOENT' }]);
});

describe('no bytes are too strange', () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom('Seccomp:', 'Seccomp:\t9', 'CapEff:\tzz', '0 x 1', '1 2 3 / /', 'NoNewPrivs'),
  );
  const text = fc.array(line).map((lines) => lines.join('\n'));

  test.each([parseStatus, parseUidMap, parseRootMount])('for %s', (parse) => {
    fc.assert(
      fc.property(text, (bytes) => {
        expect(() => actualFields({ namespaces: {}, ...parse(bytes) })).not.toThrow();
      }),
    );
  });
});
