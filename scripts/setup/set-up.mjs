// From a fresh clone to something that runs. Each step does nothing when there is nothing to do.
import process from 'node:process';

import { ensureDebianPackages } from './debian-packages.mjs';
import { ensureNpmPackages } from './npm-packages.mjs';
import { ensurePage } from './page.mjs';
import { SetupError, say, secondsSince } from './progress.mjs';

/**
 * Sets up for a purpose: `start`, `kafka` or `test`. Ends the process with the remedy when a step fails.
 * @param {string} purpose
 */
export async function setUp(purpose) {
  const startedAt = Date.now();
  await orExplain(async () => {
    await ensureDebianPackages(purpose);
    await ensureNpmPackages();
    await ensurePage();
  });
  say(`ready (${secondsSince(startedAt)})`);
}

/** The npm packages alone: enough for the checks. */
export async function setUpPackages() {
  await orExplain(ensureNpmPackages);
}

/** @param {() => Promise<void>} steps */
async function orExplain(steps) {
  try {
    await steps();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    say(`what to do: ${error.remedy}`);
    process.exit(1);
  }
}
