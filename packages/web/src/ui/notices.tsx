import type { ReactNode } from 'react';

/** Nothing to show: why, and what to do about it. */
export function EmptyState(props: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}): ReactNode {
  return (
    <div className="notice">
      <svg className="notice-mark" viewBox="0 0 48 48" aria-hidden="true">
        <circle cx="24" cy="24" r="13" />
        <path d="M5 24h38" />
      </svg>
      <p className="notice-title">{props.title}</p>
      {props.children !== undefined && <div className="notice-text">{props.children}</div>}
      {props.action !== undefined && <div className="notice-action">{props.action}</div>}
    </div>
  );
}

/** What failed, in the server's words, and a way to try again. */
export function ErrorState(props: {
  what: string;
  error: unknown;
  onRetry: () => void;
}): ReactNode {
  return (
    <div className="notice notice-error" role="alert">
      <p className="notice-title">{props.what} could not be read</p>
      <div className="notice-text">{errorText(props.error)}</div>
      <div className="notice-action">
        <button type="button" className="button" onClick={props.onRetry}>
          Try again
        </button>
      </div>
    </div>
  );
}

export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
