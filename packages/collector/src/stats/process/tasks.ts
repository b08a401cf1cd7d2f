/**
 * Processes and threads of a container. `cgroup.procs` and `tasks` (v2: `cgroup.threads`) list only
 * their own folder, while `pids.current` counts everything below it: a container that runs systemd
 * or Docker has folders of its own, which are walked then. Zombies are in none of the lists but in
 * `pids.current`, which is how they are found.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { CgroupDirectory } from '../cgroup/container-cgroup.ts';
import type { ContainerValues } from '../container-values.ts';
import type { KeptFiles } from '../kept-files.ts';
import { countLines, parseNumberLines } from '../parse/bytes.ts';

/** Folders of one container that are walked at most. */
const maxFolders = 256;
/** Processes of one container looked at for descriptors; above it the count is not known. */
const maxProcesses = 4096;

/** Adds the tasks of folders below, where the container's own do not make up `pids.current`. */
export function addNestedTasks(
  files: KeptFiles,
  pids: CgroupDirectory,
  values: ContainerValues,
): void {
  const current = values.get('pids_current');
  const threads = values.get('threads');
  if (!(current > threads)) return;
  const folders = foldersBelow(pids.directory);
  if (folders.length === 0) return;
  const sums = { processes: values.get('processes'), threads };
  for (const folder of folders) {
    sums.processes += countIn(files, join(folder, 'cgroup.procs'));
    sums.threads += countIn(files, join(folder, pids.version === 1 ? 'tasks' : 'cgroup.threads'));
  }
  values.set('processes', sums.processes);
  values.set('threads', sums.threads);
}

/** The process ids of a container, nested ones too; undefined when there are too many or hidden. */
export function listProcesses(files: KeptFiles, pids: CgroupDirectory): number[] | undefined {
  const found: number[] = [];
  for (const folder of [pids.directory, ...foldersBelow(pids.directory)]) {
    const bytes = files.readOnce(join(folder, 'cgroup.procs'));
    if (!bytes) continue;
    found.push(...parseNumberLines(bytes));
    // A process that this pid namespace cannot see is listed as 0.
    if (found.length > maxProcesses || found.includes(0)) return undefined;
  }
  return found;
}

function countIn(files: KeptFiles, path: string): number {
  const bytes = files.readOnce(path);
  return bytes ? countLines(bytes) : 0;
}

function foldersBelow(directory: string): string[] {
  const folders: string[] = [];
  const queue = [directory];
  for (const folder of queue) {
    if (!hasFolders(folder)) continue;
    for (const name of folderNames(folder)) {
      if (queue.length > maxFolders) return folders;
      queue.push(join(folder, name));
      folders.push(join(folder, name));
    }
  }
  return folders;
}

/** A folder has a link from itself, one from its parent, and one from each folder in it. */
function hasFolders(directory: string): boolean {
  return statSync(directory, { throwIfNoEntry: false })?.nlink !== 2;
}

function folderNames(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}
