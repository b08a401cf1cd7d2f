import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { useMediaQuery } from '@mantine/hooks';
import { useVirtualizer } from '@tanstack/react-virtual';
import type { LogEntry } from '@plimsoll/model/api';
import { dayOf } from '../format/time.ts';
import { useCommand } from '../shell/command-bus.ts';
import { Icon } from '../ui/icon.tsx';
import { searchWords } from './highlight.ts';
import type { LogFilter } from './log-filter.ts';
import { LogDetail } from './log-detail.tsx';
import { LogLine } from './log-line.tsx';
import type { LineIndex } from './line-model.ts';

interface LogListProps {
  lines: LineIndex;
  filter: LogFilter;
  wrap: boolean;
  showContainer: boolean;
  hasMore: boolean;
  loadMore: () => void;
  end: string;
  onAtTop: (atTop: boolean) => void;
  newest: { count: string } | null;
  onFilter?: (filter: LogFilter) => void;
  onContext: (id: string) => void;
}

const lineHeight = 22;
const overscan = 10;
/** Older lines are asked for when this many rows are left below. */
const prefetchRows = 400;
const atTopPx = 4;

export function LogList(props: LogListProps): ReactNode {
  const { lines } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [selected, setSelected] = useState<string | null>(null);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const words = useMemo(
    () => (props.filter.isRegex ? [] : searchWords(props.filter.text)),
    [props.filter.isRegex, props.filter.text],
  );
  const today = dayOf(Date.now());
  const isNarrow = useMediaQuery('(max-width: 760px)', false, { getInitialValueInEffect: false });
  // Lines of one fixed height need not be measured; wrapped ones and those of a narrow page do.
  const isMeasured = props.wrap || isNarrow;
  const virtualizer = useVirtualizer({
    count: lines.count + 1,
    getScrollElement: () => scroller.current,
    estimateSize: () => lineHeight,
    overscan,
    getItemKey: (index) => lines.at(index)?.id ?? 'end',
  });
  const items = virtualizer.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (props.hasMore && last > lines.count - prefetchRows) props.loadMore();
  });
  const wasMeasured = useRef(isMeasured);
  useEffect(() => {
    if (wasMeasured.current === isMeasured) return;
    // Heights that were measured before are wrong in the other shape.
    wasMeasured.current = isMeasured;
    virtualizer.measure();
  }, [isMeasured, virtualizer]);

  const toggle = (id: string): void => {
    const next = new Set(open);
    if (next.delete(id)) {
      const index = items.find((item) => item.key === id)?.index;
      if (!isMeasured && index !== undefined) virtualizer.resizeItem(index, lineHeight);
    } else next.add(id);
    setOpen(next);
    setSelected(id);
  };
  const move = (step: number): void => {
    const at = selected === null ? -1 : findIndex(lines, selected, items[0]?.index ?? 0);
    const next = Math.min(Math.max(at + step, 0), lines.count - 1);
    const entry = lines.at(next);
    if (entry === undefined) return;
    setSelected(entry.id);
    virtualizer.scrollToIndex(next, { align: 'auto' });
  };
  useCommand('next', () => move(1));
  useCommand('previous', () => move(-1));
  useCommand('open', () => selected !== null && toggle(selected));
  return (
    <div className="log-list-frame">
      {props.newest !== null && (
        <button
          type="button"
          className="button button-small log-newest"
          onClick={() => virtualizer.scrollToOffset(0)}
        >
          <Icon name="up" size={13} /> {props.newest.count} new
        </button>
      )}
      <div
        className="log-list"
        ref={scroller}
        tabIndex={0}
        role="list"
        aria-label="Log lines, newest first"
        data-wrap={props.wrap || undefined}
        onScroll={(event) => props.onAtTop(event.currentTarget.scrollTop <= atTopPx)}
        onKeyDown={(event) => {
          if (event.target !== event.currentTarget) return;
          if (event.key === 'ArrowDown') move(1);
          else if (event.key === 'ArrowUp') move(-1);
          else if (event.key === 'Enter' && selected !== null) toggle(selected);
          else return;
          event.preventDefault();
        }}
      >
        <div style={{ height: virtualizer.getTotalSize(), position: 'relative' }}>
          {items.map((item) => {
            const entry = lines.at(item.index);
            return (
              <div
                key={item.key}
                ref={
                  isMeasured || (entry !== undefined && open.has(entry.id)) || entry === undefined
                    ? virtualizer.measureElement
                    : undefined
                }
                data-index={item.index}
                className="log-row"
                role="listitem"
                style={{ transform: `translateY(${item.start}px)` }}
                data-selected={entry !== undefined && entry.id === selected ? true : undefined}
              >
                {entry === undefined ? (
                  <div className="log-end">{props.end}</div>
                ) : (
                  <Row
                    {...props}
                    entry={entry}
                    words={words}
                    today={today}
                    isOpen={open.has(entry.id)}
                    onToggle={toggle}
                  />
                )}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

interface RowProps extends LogListProps {
  entry: LogEntry;
  words: readonly string[];
  today: string;
  isOpen: boolean;
  onToggle: (id: string) => void;
}

function Row(props: RowProps): ReactNode {
  const { entry, isOpen } = props;
  return (
    <>
      <div
        className="log-row-line"
        data-open={isOpen || undefined}
        onClick={() => isSelecting() || props.onToggle(entry.id)}
      >
        <LogLine
          entry={entry}
          showContainer={props.showContainer}
          words={props.words}
          today={props.today}
        />
      </div>
      {isOpen && (
        <LogDetail
          entry={entry}
          filter={props.filter}
          onContext={props.onContext}
          {...(props.onFilter === undefined ? {} : { onFilter: props.onFilter })}
        />
      )}
    </>
  );
}

/** A click that ends a selection of text is not a click on the line. */
function isSelecting(): boolean {
  return (getSelection()?.toString() ?? '') !== '';
}

/** The selected line is almost always near what is in sight. */
function findIndex(lines: LineIndex, id: string, near: number): number {
  const reach = 3000;
  for (
    let index = Math.max(0, near - reach);
    index < Math.min(lines.count, near + reach);
    index += 1
  ) {
    if (lines.at(index)?.id === id) return index;
  }
  return near - 1;
}
