export interface Measured {
  wallSeconds: number;
  /** User and system, of all threads. */
  cpuSeconds: number;
  peakRssBytes: number;
}

/** Of this process, from now until the function that is returned is called. */
export function startMeasuring(): () => Measured {
  const cpu = process.cpuUsage();
  const start = performance.now();
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return {
      wallSeconds: (performance.now() - start) / 1000,
      cpuSeconds: (user + system) / 1e6,
      peakRssBytes: process.resourceUsage().maxRSS * 1024,
    };
  };
}
