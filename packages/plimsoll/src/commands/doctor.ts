import { doctorCommand as makeDoctorCommand } from '@plimsoll/agent/commands';
import { loadConfiguration } from '../load-configuration.ts';

export const doctorCommand = makeDoctorCommand('plimsoll', loadConfiguration, async (config) => {
  // Loaded here: help and errors need not wait for every package.
  const { checkServer } = await import('../doctor/check-server.ts');
  return checkServer(config);
});
