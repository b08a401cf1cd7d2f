import type { ReactNode } from 'react';

interface SegmentedProps<T extends string> {
  label: string;
  value: T;
  options: readonly { value: T; label: ReactNode }[];
  onChange: (value: T) => void;
}

/** A few exclusive choices side by side; arrow keys move as in any radio group. */
export function Segmented<T extends string>(props: SegmentedProps<T>): ReactNode {
  const move = (step: number): void => {
    const at = props.options.findIndex((option) => option.value === props.value);
    const next = props.options[(at + step + props.options.length) % props.options.length];
    if (next !== undefined) props.onChange(next.value);
  };
  return (
    <div
      className="segmented"
      role="radiogroup"
      aria-label={props.label}
      onKeyDown={(event) => {
        if (event.key === 'ArrowRight' || event.key === 'ArrowDown') move(1);
        else if (event.key === 'ArrowLeft' || event.key === 'ArrowUp') move(-1);
        else return;
        event.preventDefault();
        requestAnimationFrame(() => {
          const checked =
            document.activeElement?.parentElement?.querySelector('[aria-checked=true]');
          if (checked instanceof HTMLElement) checked.focus();
        });
      }}
    >
      {props.options.map((option) => (
        <button
          key={option.value}
          type="button"
          role="radio"
          aria-checked={option.value === props.value}
          tabIndex={option.value === props.value ? 0 : -1}
          onClick={() => props.onChange(option.value)}
        >
          {option.label}
        </button>
      ))}
    </div>
  );
}
