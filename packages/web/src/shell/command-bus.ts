import { useEffect, useRef } from 'react';
import type { KeyCommand } from './key-commands.ts';

/** Views answer commands while they are shown; the newest listener is asked first. */
const handlers = new Map<KeyCommand, (() => void)[]>();

export function runCommand(command: KeyCommand): boolean {
  const handler = handlers.get(command)?.at(-1);
  handler?.();
  return handler !== undefined;
}

export function useCommand(command: KeyCommand, handler: () => void): void {
  const latest = useRef(handler);
  useEffect(() => {
    latest.current = handler;
  });
  useEffect(() => {
    const call = (): void => latest.current();
    handlers.set(command, [...(handlers.get(command) ?? []), call]);
    return () => {
      handlers.set(
        command,
        (handlers.get(command) ?? []).filter((item) => item !== call),
      );
    };
  }, [command]);
}
