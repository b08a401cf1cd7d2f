import { expect, test } from 'vitest';
import type { ActualSecurity } from '../../src/security/actual.ts';
import { dockerDefaultCapabilities } from '../../src/security/capabilities.ts';
import { securityMismatches } from '../../src/security/mismatches.ts';

const declared = {
  privileged: 'false',
  seccomp: 'default',
  apparmor: 'docker-default',
  no_new_privileges: 'false',
  read_only_rootfs: 'false',
  user_namespace: 'host',
  capabilities_added: '',
  capabilities_dropped: '',
  pid_mode: 'private',
  network_mode: 'bridge',
  ipc_mode: 'private',
  uts_mode: 'private',
};
const actual: ActualSecurity = {
  seccomp: 'filter',
  noNewPrivileges: false,
  isRootReadOnly: false,
  userNamespace: 'host',
  apparmor: 'docker-default',
  capabilities: dockerDefaultCapabilities,
  capabilityBounds: dockerDefaultCapabilities,
  namespaces: { pid: 'own', net: 'own', ipc: 'own', uts: 'own' },
};

type Declared = Partial<typeof declared>;

test.each<[string, Declared, Partial<ActualSecurity>, string[]]>([
  ['a default container as it should be', {}, {}, []],
  ['seccomp that is off', {}, { seccomp: 'disabled' }, ['seccomp']],
  ['seccomp that was not asked for', { seccomp: 'unconfined' }, { seccomp: 'disabled' }, []],
  ['seccomp beyond what was asked for', { seccomp: 'unconfined' }, {}, []],
  ['privileges to be gained', { no_new_privileges: 'true' }, {}, ['no_new_privileges']],
  ['a root that can be written', { read_only_rootfs: 'true' }, {}, ['read_only_rootfs']],
  ['root of the host', { user_namespace: 'remapped' }, {}, ['user_namespace']],
  ['AppArmor that is off', {}, { apparmor: 'unconfined' }, ['apparmor']],
  ['AppArmor that is not there', { apparmor: 'unavailable' }, { apparmor: 'unconfined' }, []],
  [
    'a capability beyond',
    {},
    { capabilities: [...dockerDefaultCapabilities, 'SYS_ADMIN'] },
    ['capabilities'],
  ],
  [
    'a capability to be had beyond, by a user who holds none',
    { capabilities_dropped: 'ALL' },
    { capabilities: [] },
    ['capabilities'],
  ],
  [
    'all dropped but one added',
    { capabilities_dropped: 'ALL', capabilities_added: 'NET_ADMIN' },
    { capabilities: ['NET_ADMIN'], capabilityBounds: ['NET_ADMIN'] },
    [],
  ],
  ['one dropped and held', { capabilities_dropped: 'NET_RAW' }, {}, ['capabilities']],
  [
    'every capability asked for',
    { capabilities_added: 'ALL' },
    { capabilities: ['SYS_ADMIN', '63'] },
    [],
  ],
  [
    'namespaces of the host',
    {},
    { namespaces: { pid: 'host', net: 'host', ipc: 'host', uts: 'host' } },
    ['pid_mode', 'network_mode', 'ipc_mode', 'uts_mode'],
  ],
  [
    'namespaces of the host that were asked for, or come by another container',
    { pid_mode: 'host', network_mode: 'container:abc', ipc_mode: 'host', uts_mode: 'host' },
    { namespaces: { pid: 'host', net: 'host', ipc: 'host', uts: 'host' } },
    [],
  ],
  ['nothing that could be read', {}, { ...withoutAll(), namespaces: {} }, []],
])('%s', (...given) => {
  const [, asked, found, names] = given;
  const mismatches = securityMismatches({ ...declared, ...asked }, { ...actual, ...found });
  expect(mismatches.map(({ name }) => name)).toEqual(names);
});

test('nothing is said of a container whose declaration is not known', () => {
  expect(securityMismatches({}, { ...actual, seccomp: 'disabled' })).toEqual([]);
});

function withoutAll(): Partial<ActualSecurity> {
  return Object.fromEntries(Object.keys(actual).map((key) => [key, undefined]));
}
