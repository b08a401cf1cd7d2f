// node scripts/complete-lock.ts: the part of `npm run lock` that npm leaves undone.
import path from 'node:path';

import { completeLock } from './lock/lock-file.ts';

completeLock(path.resolve(import.meta.dirname, '..'));
