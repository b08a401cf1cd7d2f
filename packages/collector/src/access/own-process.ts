import { readFileSync } from 'node:fs';
import { decodeCapabilities } from '../security/capabilities.ts';

/** What this process may do, as the kernel says in `/proc/self`. */
export interface OwnProcess {
  userId: number;
  /** Effective ones, without `CAP_`. */
  capabilities: ReadonlySet<string>;
  /** RLIMIT_NOFILE, soft; `Infinity` for none. */
  maxOpenFiles: number;
  /** AppArmor's profile with its mode, `unconfined`, or '' where there is no AppArmor. */
  confinement: string;
}

/** @param proc folder of the kernel's file; tests have their own */
export function readOwnProcess(proc = '/proc'): OwnProcess {
  const status = read(`${proc}/self/status`);
  const limits = read(`${proc}/self/limits`);
  const [, openFiles = ''] = /^Max open files\s+(\d+|unlimited)/m.exec(limits) ?? [];
  return {
    userId: Number(/^Uid:\s+\d+\s+(\d+)/m.exec(status)?.[1] ?? Number.NaN),
    capabilities: new Set(decodeCapabilities(/^CapEff:\s+(\w+)/m.exec(status)?.[1] ?? '') ?? []),
    maxOpenFiles: /^\d+$/.test(openFiles) ? Number(openFiles) : Number.POSITIVE_INFINITY,
    confinement: read(`${proc}/self/attr/current`).replaceAll('\0', '').trim(),
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
