/**
 * The access token lives in this tab's session storage: it is gone when the tab is closed, and
 * no other site can read it. `needed` becomes true when the server answered 401.
 */
const storageKey = 'plimsoll.token';

let needed = false;
const listeners = new Set<() => void>();

export function readToken(): string | null {
  try {
    return sessionStorage.getItem(storageKey);
  } catch {
    return null;
  }
}

export function writeToken(token: string): void {
  try {
    sessionStorage.setItem(storageKey, token);
  } catch {
    // Storage is switched off: the server will ask again, which is right.
  }
  setTokenNeeded(false);
}

export function isTokenNeeded(): boolean {
  return needed;
}

export function setTokenNeeded(next: boolean): void {
  if (needed === next) return;
  needed = next;
  for (const listener of listeners) listener();
}

export function onTokenChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
