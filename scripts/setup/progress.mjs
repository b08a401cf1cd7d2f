// Set-up's visible progress. Runs on Node 20, before anything is installed.
import process from 'node:process';

const heartbeatMs = 10_000;

/** A set-up step that failed for a reason that the reader can do something about. */
export class SetupError extends Error {
  /**
   * @param {string} message what went wrong
   * @param {string} remedy what to do
   */
  constructor(message, remedy) {
    super(message);
    this.name = 'SetupError';
    this.remedy = remedy;
  }
}

/** @param {string} text */
export function say(text) {
  process.stderr.write(`setup: ${text}\n`);
}

/**
 * Announces a step, shows that it is alive, and says how long it took.
 * @template T
 * @param {string} title
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const startedAt = Date.now();
  say(`${title} …`);
  const heartbeat = setInterval(() => say(`${title} … ${secondsSince(startedAt)}`), heartbeatMs);
  try {
    const result = await work();
    say(`${title}: done in ${secondsSince(startedAt)}`);
    return result;
  } finally {
    clearInterval(heartbeat);
  }
}

/** @param {number} startedAt */
export function secondsSince(startedAt) {
  return `${((Date.now() - startedAt) / 1000).toFixed(1)} s`;
}
