export {
  stringOption,
  type Command,
  type CommandInput,
  type Example,
  type Option,
  type OptionValues,
} from './command.ts';
export { configOption, dataDirOption, portOption } from './common-options.ts';
export { configCommands } from './config-commands.ts';
export { fakeTerminal, type FakeTerminal } from './fake-terminal.ts';
export { interruptSignal } from './interrupt-signal.ts';
export {
  loadConfiguration,
  type ConfigurationCheck,
  type LoadedConfiguration,
} from './load-configuration.ts';
export type { Program } from './program.ts';
export { runCommandLine } from './run-command-line.ts';
export { style, type Terminal, type TerminalStream } from './terminal.ts';
export { readVersion } from './version.ts';
