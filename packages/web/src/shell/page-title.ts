import { useEffect, useSyncExternalStore } from 'react';

/** A view says what it is called; the shell writes it in the top bar, the browser in its tab. */
let title = '';
const listeners = new Set<() => void>();

export function usePageTitle(view: string, subject = ''): void {
  useEffect(() => {
    title = view;
    document.title = `${subject === '' ? view : subject} · Plimsoll`;
    for (const notify of listeners) notify();
  }, [view, subject]);
}

export function useCurrentTitle(): string {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => title,
  );
}
