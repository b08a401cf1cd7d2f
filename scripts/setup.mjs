// node scripts/setup.mjs [--for start|kafka|test]
import process from 'node:process';
import { parseArgs } from 'node:util';

import { purposes } from './setup/debian-packages.mjs';
import { setUp } from './setup/set-up.mjs';

const { values } = parseArgs({ options: { for: { type: 'string', default: 'start' } } });

if (purposes.includes(values.for)) {
  await setUp(values.for);
} else {
  console.error(`setup: --for: expected one of ${purposes.join(', ')}, got "${values.for}"`);
  process.exitCode = 1;
}
