import { useEffect } from 'react';
import { runCommand } from './command-bus.ts';
import { idleKeys, pressKey } from './key-commands.ts';

/** Listens on the whole page; typing in a field is left alone, but for Ctrl-K. */
export function useKeyCommands(): void {
  useEffect(() => {
    let state = idleKeys;
    const listen = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.isComposing) return;
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        runCommand('find');
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector('[role=dialog]') !== null) return;
      const pressed = pressKey(state, event.key, event.timeStamp);
      state = pressed.state;
      if (pressed.command !== null && runCommand(pressed.command)) event.preventDefault();
    };
    addEventListener('keydown', listen);
    return () => removeEventListener('keydown', listen);
  }, []);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest('input, textarea, select, [contenteditable]') !== null
  );
}
