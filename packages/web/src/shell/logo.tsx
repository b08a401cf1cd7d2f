import type { ReactNode } from 'react';

/** The Plimsoll mark: the disc on a ship's side and the line that must stay above the water. */
export function Logo(): ReactNode {
  return (
    <svg className="logo" width="24" height="24" viewBox="0 0 24 24" fill="none" aria-hidden="true">
      <circle cx="12" cy="12" r="7.2" stroke="currentColor" strokeWidth="2.1" />
      <path d="M1.8 12h20.4" stroke="currentColor" strokeWidth="2.1" strokeLinecap="round" />
    </svg>
  );
}
