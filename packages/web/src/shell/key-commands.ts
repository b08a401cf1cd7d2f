/**
 * Keys to commands. `g` waits a moment for the second key; everything else acts at once. Pure:
 * the listener hands in key and time and keeps the state.
 */
export type KeyCommand =
  | 'find'
  | 'help'
  | 'next'
  | 'previous'
  | 'open'
  | 'refresh'
  | 'range-back'
  | 'range-forward'
  | 'range-wider'
  | 'toggle-live'
  | 'toggle-theme'
  | 'go-fleet'
  | 'go-containers'
  | 'go-logs'
  | 'go-sql'
  | 'go-alerts'
  | 'go-hosts';

export interface KeyState {
  /** When `g` was pressed, in milliseconds; null when nothing is waited for. */
  prefixAt: number | null;
}

export const idleKeys: KeyState = { prefixAt: null };
const prefixWaitMs = 1200;

const single: Record<string, KeyCommand> = {
  '/': 'find',
  '?': 'help',
  j: 'next',
  k: 'previous',
  o: 'open',
  r: 'refresh',
  '[': 'range-back',
  ']': 'range-forward',
  '-': 'range-wider',
  l: 'toggle-live',
  t: 'toggle-theme',
};

const afterG: Record<string, KeyCommand> = {
  f: 'go-fleet',
  c: 'go-containers',
  l: 'go-logs',
  s: 'go-sql',
  a: 'go-alerts',
  h: 'go-hosts',
};

export function pressKey(
  state: KeyState,
  key: string,
  now: number,
): { state: KeyState; command: KeyCommand | null } {
  const waiting = state.prefixAt !== null && now - state.prefixAt <= prefixWaitMs;
  if (waiting) return { state: idleKeys, command: own(afterG, key) };
  if (key === 'g') return { state: { prefixAt: now }, command: null };
  return { state: idleKeys, command: own(single, key) };
}

function own(table: Record<string, KeyCommand>, key: string): KeyCommand | null {
  return Object.hasOwn(table, key) ? (table[key] ?? null) : null;
}

export const keyHelp: readonly { keys: string[]; does: string }[] = [
  { keys: ['/', 'Ctrl K'], does: 'find a container, image, host or log line' },
  { keys: ['g f'], does: 'Fleet' },
  { keys: ['g c'], does: 'Containers' },
  { keys: ['g l'], does: 'Logs' },
  { keys: ['g a'], does: 'Alerts' },
  { keys: ['g s'], does: 'SQL' },
  { keys: ['g h'], does: 'Hosts' },
  { keys: ['j', 'k'], does: 'next and previous entry' },
  { keys: ['o', 'Enter'], does: 'open the entry' },
  { keys: ['← ↑ ↓ →'], does: 'move among the tanks' },
  { keys: ['[', ']'], does: 'move the time range back and forward' },
  { keys: ['-'], does: 'twice the time range' },
  { keys: ['l'], does: 'live, or stand still' },
  { keys: ['r'], does: 'read again now' },
  { keys: ['t'], does: 'light, dark, as the system' },
  { keys: ['Ctrl Enter'], does: 'run the SQL query' },
  { keys: ['?'], does: 'this list' },
];
