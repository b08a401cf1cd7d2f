import { readVersion } from '@plimsoll/cli';

/** The version of this package, which is that of Plimsoll. */
export const version = readVersion(new URL('../package.json', import.meta.url));
