import { accessSync, constants, mkdirSync } from 'node:fs';
import { codeOf, PlimsollError } from '@plimsoll/runtime';
import type { Component } from '@plimsoll/runtime';
import { DataDirLock } from './data-dir-lock.ts';
import type { AgentContext } from './agent-context.ts';

/** Makes the data folder and takes it for this process. */
export function dataFolder({ config, layout }: AgentContext): Component {
  const lock = new DataDirLock(layout.lock);
  return {
    name: 'data folder',
    start: () => {
      prepareDataDir(config.data_dir);
      lock.acquire();
    },
    stop: () => lock.release(),
  };
}

/** @throws {PlimsollError} `data_dir_unusable` */
export function prepareDataDir(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o750 });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const came = codeOf(error) ?? String(error);
    const message = `expected a data folder that this user may read and write at ${path}, got ${came}`;
    throw new PlimsollError('data_dir_unusable', message, { cause: error });
  }
}
