import { defineRule } from '../../rule.ts';
import {
  filesystemFindings,
  filesystemStatement,
  type FilesystemResource,
  type FilesystemRow,
} from '../../sql/filesystem.ts';

const resource: FilesystemResource = {
  rule: 'disk_nearly_full',
  total: { filesystem: 'size_bytes', dockerRoot: 'docker_root_size_bytes' },
  free: { filesystem: 'available_bytes', dockerRoot: 'docker_root_available_bytes' },
  unit: 'bytes',
  noun: 'disk',
};

export const diskNearlyFull = defineRule<FilesystemRow>({
  name: resource.rule,
  title: 'Disk nearly full',
  description:
    "A filesystem, or the container runtime's root, has 90 % or more of its space used; with the time until it is full when it fills.",
  category: 'quota',
  severity: 'critical',
  threshold: 0.9,
  unit: 'ratio',
  forMs: 60_000,
  intervalMs: 30_000,
  statement: (scope) => filesystemStatement(resource, scope),
  findings: (rows, scope) => filesystemFindings(resource, rows, scope),
});
