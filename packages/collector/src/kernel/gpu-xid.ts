/**
 * Errors that NVIDIA's driver writes to the kernel log, by number. Source: NVIDIA, "Xid Errors"
 * (docs.nvidia.com/deploy/xid-errors). Whose fault it mostly is tells what to do about it.
 *
 * ```
 * NVRM: Xid (PCI:0000:3b:00): 79, pid=1234, name=python, GPU has fallen off the bus.
 * NVRM: Xid (PCI:0000:3b:00): 48, pid='<unknown>', name=<unknown>, DBE …
 * NVRM: Xid (0000:01:00): 31, Ch 0000000b, engmask 00000120          before R440: no pid
 * ```
 */

export type XidCause = 'application' | 'hardware' | 'driver' | 'information';

export interface Xid {
  number: number;
  /** Address on the PCI bus. */
  device: string;
  /** Undefined when the driver does not say, or does not know. */
  pid: number | undefined;
  /** Empty when not known. */
  process: string;
}

export interface XidMeaning {
  meaning: string;
  cause: XidCause;
}

const meanings: Readonly<Record<number, readonly [XidCause, string]>> = {
  8: ['application', 'the GPU stopped processing'],
  13: [
    'application',
    'exception in the graphics or compute engine, such as an address out of range',
  ],
  31: ['application', 'access to GPU memory that is not mapped (page fault)'],
  32: ['driver', 'invalid or corrupted stream of commands'],
  38: ['driver', 'firmware error of the driver'],
  43: ['application', 'a program failed and the GPU stopped processing for it'],
  44: ['driver', 'fault in switching between programs'],
  45: ['information', 'a program was ended early, because of an earlier error or on request'],
  48: ['hardware', 'memory error that could not be corrected (double-bit ECC)'],
  54: ['hardware', 'auxiliary power is not connected'],
  56: ['hardware', 'error of the display engine'],
  57: ['hardware', 'error of the interface to GPU memory'],
  61: ['hardware', 'the internal microcontroller stopped at a breakpoint or warning'],
  62: ['hardware', 'the internal microcontroller halted'],
  63: ['hardware', 'a memory page was retired or a row remapped; it takes effect after a reset'],
  64: ['hardware', 'a memory page could not be retired or a row not remapped'],
  68: ['application', 'exception in the video decoder'],
  69: ['application', 'invalid command to the graphics engine'],
  74: ['hardware', 'error of an NVLink connection'],
  79: ['hardware', 'the GPU has fallen off the bus: it cannot be reached before a restart'],
  92: ['hardware', 'many memory errors that were corrected (single-bit ECC)'],
  94: ['hardware', 'memory error that was contained to one program'],
  95: ['hardware', 'memory error that was not contained: the GPU must be reset'],
  109: ['driver', 'switching between programs took too long'],
  110: ['driver', 'security fault'],
  119: ['driver', 'the system processor of the GPU (GSP) did not answer in time'],
  120: ['driver', 'error of the system processor of the GPU (GSP)'],
  140: ['hardware', 'memory error that was not recovered from (ECC)'],
};

const xid =
  /NVRM: Xid \((?:PCI:)?([0-9a-fA-F:.]{1,32})\): (\d{1,4})(?:, pid='?(\d{1,10})?)?(?:[^,]{0,32}, name=([^,]{1,64}))?/;

/** The error that a record of the kernel log reports; undefined for any other record. */
export function parseXid(text: string): Xid | undefined {
  const match = xid.exec(text);
  if (!match) return undefined;
  const [, device = '', number = '', pid, process = ''] = match;
  return {
    number: Number(number),
    device,
    pid: pid === undefined ? undefined : Number(pid),
    process: process.startsWith('<') ? '' : process,
  };
}

export function meaningOfXid(number: number): XidMeaning | undefined {
  const known = meanings[number];
  return known && { cause: known[0], meaning: known[1] };
}
