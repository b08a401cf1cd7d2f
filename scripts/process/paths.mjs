// Where things are. Runs on Node 20, before anything is installed: no dependencies.
import path from 'node:path';
import process from 'node:process';

export const root = path.resolve(import.meta.dirname, '../..');

const bin = path.join(root, 'node_modules/.bin');

/** The Node release that the workspace pins, whatever the machine has. */
export const pinnedNode = path.join(bin, 'node');

/** turbo's script, to be run by the pinned Node. */
export const turbo = path.join(root, 'node_modules/turbo/bin/turbo');

/**
 * The environment for everything started after set-up: the pinned Node comes first on the path,
 * and turbo neither reports nor looks for updates.
 * @returns {NodeJS.ProcessEnv}
 */
export function workspaceEnv() {
  return {
    ...process.env,
    PATH: [bin, process.env['PATH']].join(path.delimiter),
    TURBO_TELEMETRY_DISABLED: '1',
    TURBO_NO_UPDATE_NOTIFIER: '1',
    DO_NOT_TRACK: '1',
  };
}
