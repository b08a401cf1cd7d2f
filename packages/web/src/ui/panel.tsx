import type { ReactNode } from 'react';

interface PanelProps {
  title?: ReactNode;
  hint?: ReactNode;
  actions?: ReactNode;
  /** What is shown comes from before the last, failed, request. */
  stale?: boolean;
  flush?: boolean;
  className?: string;
  label?: string;
  children: ReactNode;
}

export function Panel(props: PanelProps): ReactNode {
  const classes = ['panel', props.flush === true ? 'panel-flush' : '', props.className ?? ''];
  return (
    <section
      className={classes.filter(Boolean).join(' ')}
      aria-label={props.label}
      data-stale={props.stale === true || undefined}
    >
      {props.title !== undefined && (
        <header className="panel-head">
          <h2 className="panel-title">{props.title}</h2>
          {props.hint !== undefined && <div className="panel-hint">{props.hint}</div>}
          {props.stale === true && <span className="stale-mark">not refreshed</span>}
          {props.actions !== undefined && <div className="panel-actions">{props.actions}</div>}
        </header>
      )}
      {props.children}
    </section>
  );
}
