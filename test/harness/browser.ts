import { existsSync } from 'node:fs';

/** Debian's Chromium; `npm test` installs it where it can. */
export const browserPath = '/usr/bin/chromium';

/** Headless as root, on loopback alone: nothing of the browser's own looks for a network. */
export const browserArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Why there is no browser, or null when there is one. */
export function browserMissing(): string | null {
  return existsSync(browserPath) ? null : 'chromium missing';
}
