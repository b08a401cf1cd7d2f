import { doctorCommand as makeDoctorCommand } from '@plimsoll/agent/commands';
import { loadConfiguration } from '../load-configuration.ts';

export const doctorCommand = makeDoctorCommand('plimsoll', loadConfiguration);
