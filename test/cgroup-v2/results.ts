/** What the emulated machine found. */
export interface GuestResults {
  cgroupMode: string;
  faults: { name: string; samples: number; unmet: string[] }[];
}
