import { useState, type ReactNode } from 'react';
import { Popover } from '@mantine/core';
import { exactTime, shortTime } from '../format/time.ts';
import { Icon } from '../ui/icon.tsx';
import { useNow } from '../ui/use-now.ts';
import {
  parseInstant,
  rangePresets,
  rangeTitle,
  resolveRange,
  shiftRange,
  spanCode,
} from '../url/time-range.ts';
import type { RangeSpec } from '../url/time-range.ts';
import { useRange } from '../url/use-range.ts';
import { useCommand } from './command-bus.ts';

export function TimeRangePicker(): ReactNode {
  const { range, set, live } = useRange();
  const [open, setOpen] = useState(false);
  const now = useNow(60_000);
  const choose = (next: RangeSpec): void => {
    set(next);
    setOpen(false);
  };
  const toggleLive = (): void => {
    if (live) set({ kind: 'absolute', ...resolveRange(range, Date.now()) });
    else {
      const { from, to } = resolveRange(range, Date.now());
      set({ kind: 'relative', seconds: Math.max(60, Math.round((to - from) / 60_000) * 60) });
    }
  };
  useCommand('toggle-live', toggleLive);
  useCommand('range-back', () => set(shiftRange(range, Date.now(), 'back')));
  useCommand('range-forward', () => set(shiftRange(range, Date.now(), 'forward')));
  useCommand('range-wider', () => set(shiftRange(range, Date.now(), 'wider')));
  return (
    <div className="range-picker">
      <Popover
        opened={open}
        onChange={setOpen}
        position="bottom-end"
        offset={6}
        trapFocus
        withinPortal
        transitionProps={{ duration: 80 }}
      >
        <Popover.Target>
          <button
            type="button"
            className="range-button"
            aria-label={`Time range: ${describeRange(range, now)}`}
            onClick={() => setOpen(!open)}
            title={
              range.kind === 'absolute'
                ? `${exactTime(range.from)} to ${exactTime(range.to)}`
                : undefined
            }
          >
            <Icon name="clock" size={14} />
            <span className="range-wide">{describeRange(range, now)}</span>
            <span className="range-narrow">
              {range.kind === 'relative' ? spanCode(range.seconds) : 'fixed'}
            </span>
          </button>
        </Popover.Target>
        <Popover.Dropdown p={0}>
          <div className="range-menu">
            <ul aria-label="Presets">
              {rangePresets.map((preset) => (
                <li key={preset.code}>
                  <button
                    type="button"
                    aria-pressed={range.kind === 'relative' && range.seconds === preset.seconds}
                    onClick={() => choose({ kind: 'relative', seconds: preset.seconds })}
                  >
                    {preset.title}
                  </button>
                </li>
              ))}
            </ul>
            <CustomRange range={range} onChoose={choose} />
          </div>
        </Popover.Dropdown>
      </Popover>
      <button
        type="button"
        className="live-button"
        aria-pressed={live}
        aria-label={live ? 'Live: press to stand still' : 'Standing still: press for live'}
        title={live ? 'Stand still (l)' : 'Go live (l)'}
        onClick={toggleLive}
      >
        <Icon name={live ? 'pause' : 'play'} size={12} />
        {live ? 'live' : 'paused'}
      </button>
    </div>
  );
}

function describeRange(range: RangeSpec, now: number): string {
  return range.kind === 'relative'
    ? rangeTitle(range)
    : `${shortTime(range.from, now)} – ${shortTime(range.to, now)}`;
}

function CustomRange({
  range,
  onChoose,
}: {
  range: RangeSpec;
  onChoose: (range: RangeSpec) => void;
}): ReactNode {
  const [resolved] = useState(() => resolveRange(range, Date.now()));
  const [from, setFrom] = useState(() => exactTime(resolved.from).slice(0, 19));
  const [to, setTo] = useState(() => exactTime(resolved.to).slice(0, 19));
  const start = parseInstant(from);
  const end = parseInstant(to);
  const problem =
    start === null || end === null
      ? 'Write a time as 2026-11-23 14:10:00'
      : start >= end
        ? 'The start must be before the end'
        : null;
  return (
    <form
      className="range-custom"
      onSubmit={(event) => {
        event.preventDefault();
        if (start !== null && end !== null && problem === null)
          onChoose({ kind: 'absolute', from: start, to: end });
      }}
    >
      <label>
        From
        <input
          className="field"
          value={from}
          onChange={(event) => setFrom(event.target.value)}
          spellCheck={false}
        />
      </label>
      <label>
        To
        <input
          className="field"
          value={to}
          onChange={(event) => setTo(event.target.value)}
          spellCheck={false}
        />
      </label>
      <p className="range-problem" role="status">
        {problem}
      </p>
      <button type="submit" className="button button-primary" disabled={problem !== null}>
        Show this time
      </button>
      <p className="muted">
        Times are your own, {new Intl.DateTimeFormat().resolvedOptions().timeZone}.
      </p>
    </form>
  );
}
