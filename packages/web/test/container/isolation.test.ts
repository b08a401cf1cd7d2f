import { expect, test } from 'vitest';
import { isolationRows } from '../../src/container/isolation.ts';

test('what is declared and what the kernel gives stand apart, nothing empty', () => {
  const { declared, actual } = isolationRows({
    seccomp: 'default',
    capabilities_added: '',
    actual_pid_namespace: 'host',
  });
  expect(declared).toEqual([{ name: 'seccomp', value: 'default', isOpen: false }]);
  expect(actual).toEqual([{ name: 'pid namespace', value: 'host', isOpen: true }]);
});

test.each([
  ['privileged', 'true', true],
  ['privileged', 'false', false],
  ['docker_socket_mounted', 'true', true],
  ['capabilities_added', 'SYS_ADMIN', true],
  ['capabilities_dropped', 'ALL', false],
  ['masked_paths', 'false', true],
  ['masked_paths', 'true', false],
  ['memory_limit', 'none', true],
  ['storage_limit', 'none', false],
  ['seccomp', 'unconfined', true],
  ['actual_seccomp', 'disabled', true],
  ['network_mode', 'host', true],
  ['user_namespace', 'host', false],
  ['actual_root_user', 'host', false],
  ['read_only_rootfs', 'false', false],
])('%s %s is marked: %s', (key, value, isOpen) => {
  const { declared, actual } = isolationRows({ [key]: value });
  expect([...declared, ...actual].map((row) => row.isOpen)).toEqual([isOpen]);
});
