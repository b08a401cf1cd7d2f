import { defineRule } from '../../rule.ts';
import {
  filesystemFindings,
  filesystemStatement,
  type FilesystemResource,
  type FilesystemRow,
} from '../../sql/filesystem.ts';

const resource: FilesystemResource = {
  rule: 'inodes_nearly_full',
  total: { filesystem: 'inodes', dockerRoot: 'docker_root_inodes' },
  free: { filesystem: 'inodes_free', dockerRoot: 'docker_root_inodes_free' },
  unit: 'count',
  noun: 'inodes',
};

export const inodesNearlyFull = defineRule<FilesystemRow>({
  name: resource.rule,
  title: 'Inodes nearly used up',
  description:
    "A filesystem, or the container runtime's root, has 90 % or more of its inodes used: no new file can be made although space is left.",
  category: 'quota',
  severity: 'critical',
  threshold: 0.9,
  unit: 'ratio',
  forMs: 60_000,
  intervalMs: 30_000,
  statement: (scope) => filesystemStatement(resource, scope),
  findings: (rows, scope) => filesystemFindings(resource, rows, scope),
});
