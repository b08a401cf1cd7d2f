/** What of a container can leak, and where its numbers are. */
export interface LeakResource {
  rule: 'memory_leak' | 'file_descriptor_leak' | 'thread_leak';
  title: string;
  description: string;
  /** Expression over container_stats. */
  value: string;
  /** Column of container_floors with the minimum of `value` per window. */
  floor: string;
  /** Expression over container_stats; 0 or NULL is "no limit". */
  limit: string;
  unit: 'bytes' | 'count';
  /** Growth below this is nothing, whatever share of the floor it is. */
  minGrowth: number;
  /** `memory`, in sentences. */
  noun: string;
  consequence: string;
}

export const leakResources: readonly LeakResource[] = [
  {
    rule: 'memory_leak',
    title: 'Memory leak',
    description:
      'The floor of memory that the kernel cannot reclaim grows steadily within one life of the process, and reaches the limit within seven days.',
    value: 'memory_unreclaimable_bytes',
    floor: 'memory_unreclaimable_bytes',
    limit: 'memory_limit_bytes',
    unit: 'bytes',
    minGrowth: 4 * 1024 * 1024,
    noun: 'memory',
    consequence: 'the kernel kills a process of this container',
  },
  {
    rule: 'file_descriptor_leak',
    title: 'File descriptor leak',
    description:
      'The floor of open file descriptors grows steadily within one life of the process, and reaches the limit within seven days.',
    value: 'file_descriptors',
    floor: 'file_descriptors',
    limit: 'file_descriptors_limit',
    unit: 'count',
    minGrowth: 40,
    noun: 'file descriptors',
    consequence: 'open, accept and connect fail with EMFILE',
  },
  {
    rule: 'thread_leak',
    title: 'Thread leak',
    description:
      'The floor of threads and processes grows steadily within one life of the container, and reaches pids.max within seven days.',
    value: 'coalesce(threads, pids_current)',
    floor: 'threads',
    limit: 'pids_limit',
    unit: 'count',
    minGrowth: 20,
    noun: 'threads',
    consequence: 'fork and clone fail with EAGAIN',
  },
];
