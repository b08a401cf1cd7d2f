import type { Option } from '@plimsoll/cli';

export const jsonOption: Readonly<Record<string, Option>> = {
  json: { type: 'boolean', help: 'Print JSON.' },
};
