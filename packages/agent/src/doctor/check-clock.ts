import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '@plimsoll/collector';

const subject = 'clock';
/** A `Date` header has whole seconds; more than this is no rounding. */
const toleranceMs = 2000;

export interface ClockReading {
  /** `Date` header of an answer. */
  date: string;
  /** Our clock when it was asked and when it answered, milliseconds since 1970. */
  from: number;
  to: number;
  /** Whose clock it is. */
  of: string;
}

/** Our clock against one of the fleet. */
export function checkClock({ date, from, to, of }: ClockReading): Finding {
  const theirs = Date.parse(date);
  if (Number.isNaN(theirs)) {
    return { subject, level: 'ok', message: `${of} does not tell its time`, lost: '', remedy: '' };
  }
  // The header is rounded down: theirs lies in [theirs, theirs + 1 s).
  const aheadMs = from - (theirs + 1000);
  const behindMs = theirs - to;
  const offMs = Math.max(aheadMs, behindMs, 0);
  if (offMs <= toleranceMs) {
    return { subject, level: 'ok', message: `agrees with that of ${of}`, lost: '', remedy: '' };
  }
  const seconds = Math.round(offMs / 1000);
  const direction = aheadMs > behindMs ? 'ahead of' : 'behind';
  return {
    subject,
    level: 'warn',
    message: `${seconds} s ${direction} that of ${of}`,
    lost: 'nothing; but samples and events stand at the wrong time, and alerts compare them',
    remedy: 'synchronise the clocks of both hosts (chrony, systemd-timesyncd)',
  };
}

/** What the host says of its own synchronisation, for want of another clock. */
export function checkSynchronisation(hostRoot: string): Finding {
  const marker = join(hostRoot, 'run/systemd/timesync/synchronized');
  if (existsSync(marker)) {
    const message = 'synchronised by systemd-timesyncd';
    return { subject, level: 'ok', message, lost: '', remedy: '' };
  }
  for (const daemon of ['chrony', 'chronyd', 'ntpd.pid', 'openntpd.pid']) {
    if (!existsSync(join(hostRoot, 'run', daemon))) continue;
    const message = `kept by ${daemon.replace('.pid', '')}; its offset was not asked`;
    return { subject, level: 'ok', message, lost: '', remedy: '' };
  }
  return {
    subject,
    level: 'warn',
    message: 'whether it is synchronised is not known',
    lost: '',
    remedy: 'run chrony or systemd-timesyncd on this host, if none runs',
  };
}
