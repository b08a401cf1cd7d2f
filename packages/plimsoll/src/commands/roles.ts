import { configOption, dataDirOption, portOption } from '@plimsoll/cli';
import type { Command } from '@plimsoll/cli';
import { loadConfiguration } from '../load-configuration.ts';
import { checkRole } from './check-role.ts';
import { roleTexts } from './role-texts.ts';
import type { ServiceRole } from './role-texts.ts';

const options = { ...configOption, ...dataDirOption, ...portOption };

function roleCommand(role: ServiceRole): Command {
  return {
    name: role,
    ...roleTexts[role],
    options,
    run: async ({ values, terminal }) => {
      const { config } = loadConfiguration(values, terminal);
      checkRole(role, config);
      // Loaded here: help and errors need not wait for every package.
      const { runRole } = await import('../compose/run-role.ts');
      return runRole({
        role,
        config,
        terminal,
        load: () => loadConfiguration(values, terminal).config,
      });
    },
  };
}

export const allCommand = roleCommand('all');
export const ingestCommand = roleCommand('ingest');
export const storageCommand = roleCommand('storage');
export const queryCommand = roleCommand('query');
export const alertingCommand = roleCommand('alerting');
