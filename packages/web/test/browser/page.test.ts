import { afterAll, afterEach, describe } from 'vitest';
import { skipWithoutChromium, startHarness, type PageHarness } from './page-harness.ts';
import { shellTests } from './shell-tests.ts';
import { speedTests } from './speed-tests.ts';
import { viewsTests } from './views-tests.ts';

// One file, so that the page is built once and one browser at a time is busy.
let started: PageHarness | null = null;
const harness = async (): Promise<PageHarness> => (started ??= await startHarness());
afterEach(() => started?.closePages());
afterAll(() => started?.close());

describe.skipIf(skipWithoutChromium)('the page in Chromium', () => {
  viewsTests(harness);
  shellTests(harness);
  speedTests(harness);
});
