/** The name of a counter's rate per second, as api/containers.ts defines it. */
export function rateName(counter: string): string {
  if (counter === 'cpu_usage_seconds_total') return 'cpu_cores';
  const cpu = /^cpu_(user|system|nice|idle|iowait|irq|softirq|steal)_seconds_total$/.exec(counter);
  if (cpu) return `cpu_${cpu[1]}_cores`;
  // Seconds waited per second are a share of the time.
  if (/_pressure_\w+_seconds_total$/.test(counter)) {
    return counter.replace(/_seconds_total$/, '_ratio');
  }
  return counter.replace(/_total$/, '_per_second');
}
