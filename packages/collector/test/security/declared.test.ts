import { expect, test } from 'vitest';
import { declaredSecurity } from '../../src/security/declared.ts';

type Fields = Record<string, unknown>;

function declared(hostConfig: Fields, more: { rest?: Fields; daemon?: string[] | null } = {}) {
  const { rest = {}, daemon = ['name=seccomp,profile=builtin', 'name=apparmor'] } = more;
  return declaredSecurity({ HostConfig: hostConfig, ...rest }, daemon);
}

test('a container that asks for nothing has the defaults', () => {
  expect(declared({ LogConfig: { Type: 'json-file' }, MaskedPaths: ['/proc/kcore'] })).toEqual({
    privileged: 'false',
    user: 'root',
    user_namespace: 'host',
    seccomp: 'default',
    apparmor: 'docker-default',
    no_new_privileges: 'false',
    capabilities_added: '',
    capabilities_dropped: '',
    pid_mode: 'private',
    network_mode: 'default',
    ipc_mode: 'default',
    uts_mode: 'private',
    docker_socket_mounted: 'false',
    root_mounted: 'false',
    host_mounts_writable: '',
    devices: '',
    masked_paths: 'true',
    read_only_rootfs: 'false',
    memory_limit: 'none',
    pids_limit: 'none',
    cpu_limit: 'none',
    storage_limit: 'none',
    log_max_size: 'none',
  });
});

test.each<[string, Fields, string, string]>([
  ['a privileged one', { Privileged: true }, 'seccomp', 'unconfined'],
  ['seccomp off', { SecurityOpt: ['seccomp=unconfined'] }, 'seccomp', 'unconfined'],
  ['the old separator', { SecurityOpt: ['seccomp:unconfined'] }, 'seccomp', 'unconfined'],
  ['a profile', { SecurityOpt: ['seccomp={"a":1}'] }, 'seccomp', 'custom'],
  [
    'a profile, privileged',
    { Privileged: true, SecurityOpt: ['seccomp=/p.json'] },
    'seccomp',
    'custom',
  ],
  ['no AppArmor', { SecurityOpt: ['apparmor=unconfined'] }, 'apparmor', 'unconfined'],
  ['a flag', { SecurityOpt: ['no-new-privileges'] }, 'no_new_privileges', 'true'],
  ['a flag set', { SecurityOpt: ['no-new-privileges:true'] }, 'no_new_privileges', 'true'],
  ['a flag unset', { SecurityOpt: ['no-new-privileges=false'] }, 'no_new_privileges', 'false'],
  [
    'capabilities in all forms',
    { CapAdd: ['net_admin', 'CAP_SYS_TIME', 'NET_ADMIN'] },
    'capabilities_added',
    'NET_ADMIN,SYS_TIME',
  ],
  ['all dropped', { CapDrop: ['ALL'] }, 'capabilities_dropped', 'ALL'],
  ['the host of pids', { PidMode: 'host' }, 'pid_mode', 'host'],
  ['limits', { Memory: 1024, PidsLimit: -1 }, 'memory_limit', '1024'],
  ['no limit of pids', { PidsLimit: -1 }, 'pids_limit', 'none'],
  ['paths open', { MaskedPaths: [] }, 'masked_paths', 'false'],
  ['a device', { Devices: [{ PathOnHost: '/dev/kvm' }, {}] }, 'devices', '/dev/kvm'],
  [
    'a log limit',
    { LogConfig: { Type: 'json-file', Config: { 'max-size': '10m' } } },
    'log_max_size',
    '10m',
  ],
  ['the local driver', { LogConfig: { Type: 'local' } }, 'log_max_size', 'default'],
])('%s: %j has %s %j', (...given) => {
  const [, hostConfig, key, value] = given;
  expect(declared(hostConfig)[key]).toBe(value);
});

test('the log of a driver that keeps nothing here needs no limit', () => {
  expect(declared({ LogConfig: { Type: 'syslog' } })).not.toHaveProperty('log_max_size');
});

test('what the daemon does for all its containers counts', () => {
  const daemon = ['name=userns', 'name=no-new-privileges'];
  expect(declared({}, { daemon })).toMatchObject({
    user_namespace: 'remapped',
    no_new_privileges: 'true',
    seccomp: 'unavailable',
    apparmor: 'unavailable',
  });
  expect(declared({ UsernsMode: 'host' }, { daemon })['user_namespace']).toBe('host');
  expect(declared({}, { daemon: ['name=seccomp,profile=unconfined'] })['seccomp']).toBe(
    'unconfined',
  );
  expect(declared({}, { daemon: null })['seccomp']).toBe('default');
});

test('the folders of the host that it may change are named', () => {
  const mount = (Source: string, RW: boolean, Type = 'bind'): Fields => ({ Source, RW, Type });
  const mounts = (...Mounts: Fields[]) => declared({}, { rest: { Mounts } });
  expect(
    mounts(
      mount('/etc/', true),
      mount('/sys', false),
      mount('/etcetera', true),
      mount('/home/me/project', true),
      mount('/usr/local/share/x', true),
      mount('/var/lib/kubelet/pods/u/volumes/v', true),
      mount('/var/lib/docker/volumes/v/_data', true, 'volume'),
    ),
  ).toMatchObject({
    host_mounts_writable: '/etc,/usr/local/share/x',
    root_mounted: 'false',
    docker_socket_mounted: 'false',
  });
  expect(mounts(mount('/', true))).toMatchObject({
    root_mounted: 'true',
    host_mounts_writable: '/',
    docker_socket_mounted: 'true',
  });
  // A socket is as good through a mount that is read-only.
  expect(mounts(mount('/var/run/docker.sock', false))).toMatchObject({
    docker_socket_mounted: 'true',
    host_mounts_writable: '',
  });
  expect(mounts(mount('/run/containerd/containerd.sock', false))).toMatchObject({
    docker_socket_mounted: 'true',
  });
});

test('nothing is said of a container without a description of its host side', () => {
  expect(declaredSecurity({ Config: {} }, null)).toEqual({});
});
