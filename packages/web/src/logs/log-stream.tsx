import { useCallback, useEffect, useMemo, useState, type ReactNode } from 'react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { quantityText } from '../format/quantity.ts';
import type { PageRange } from '../url/use-range.ts';
import { EmptyState, ErrorState } from '../ui/notices.tsx';
import { SkeletonRows } from '../ui/skeleton.tsx';
import { Icon } from '../ui/icon.tsx';
import { isEmptyFilter, type LogFilter } from './log-filter.ts';
import { indexLines, maxLiveLines, type LiveLines } from './line-model.ts';
import { LogList } from './log-list.tsx';
import { logListQuery, maxListLines, type ListPage } from './log-queries.ts';
import { useLiveTail } from './use-live-tail.ts';

interface LogStreamProps {
  filter: LogFilter;
  range: PageRange;
  wrap: boolean;
  showContainer: boolean;
  onFilter?: (filter: LogFilter) => void;
  onContext: (id: string) => void;
}

const noPages: ListPage[] = [];

/** Lines newest first: pages into the past below, the live tail on top. */
export function LogStream(props: LogStreamProps): ReactNode {
  const { filter, range } = props;
  const [generation, setGeneration] = useState(0);
  const [following, setFollowing] = useState(true);
  const list = useInfiniteQuery(logListQuery(filter, range, generation));
  const pages = list.data?.pages ?? noPages;
  const tail = useLiveTail({
    filter,
    enabled: range.live && list.isSuccess,
    generation,
    firstPage: pages[0],
  });
  const shown = useShownLines(tail, following);
  const lines = useMemo(() => indexLines(shown.lines, pages), [shown.lines, pages]);
  const waiting = tail.lines.length - shown.lines.length;
  const restart = useCallback(() => setGeneration((old) => old + 1), []);
  useEffect(() => {
    if (!tail.overflowed || !following) return undefined;
    const timer = setTimeout(restart);
    return () => clearTimeout(timer);
  }, [tail.overflowed, following, restart]);

  if (list.isPending) return <SkeletonRows rows={18} height={22} />;
  if (list.isError && pages.length === 0) {
    return (
      <ErrorState what="The log lines" error={list.error} onRetry={() => void list.refetch()} />
    );
  }
  return (
    <div className="log-stream">
      <StreamStatus dropped={tail.dropped} problem={tail.problem} />
      {lines.count === 0 ? (
        <NoLines
          filter={filter}
          range={range}
          {...(props.onFilter === undefined ? {} : { onFilter: props.onFilter })}
        />
      ) : (
        <LogList
          {...props}
          lines={lines}
          hasMore={list.hasNextPage}
          loadMore={() => void (list.isFetchingNextPage || list.fetchNextPage())}
          end={endText(
            list.hasNextPage,
            pages.reduce((sum, page) => sum + page.items.length, 0),
            list.isFetchNextPageError,
          )}
          onAtTop={setFollowing}
          newest={
            waiting > 0 || (tail.overflowed && !following)
              ? {
                  count: tail.overflowed
                    ? `more than ${quantityText(maxLiveLines, 'count')}`
                    : quantityText(waiting, 'count'),
                }
              : null
          }
        />
      )}
    </div>
  );
}

/** While the reader is not at the top, what he reads must not move: new lines wait. */
function useShownLines(tail: LiveLines, following: boolean): LiveLines {
  const [shown, setShown] = useState<LiveLines>(tail);
  const isBehind =
    shown.lines !== tail.lines && (following || tail.lines.length < shown.lines.length);
  if (isBehind) setShown(tail);
  return isBehind ? tail : shown;
}

function StreamStatus({
  dropped,
  problem,
}: {
  dropped: number;
  problem: string | null;
}): ReactNode {
  if (dropped === 0 && problem === null) return null;
  return (
    <div className="stream-status" role="status">
      {problem !== null && <span>The live stream broke off ({problem}); it is tried again. </span>}
      {dropped > 0 && (
        <span>
          {quantityText(dropped, 'count')} live lines came too quickly to be shown here. They are
          stored: read them with a narrower filter, or press r.
        </span>
      )}
    </div>
  );
}

function endText(hasMore: boolean, count: number, failed: boolean): string {
  if (failed) return 'The next lines could not be read. Scroll again to retry.';
  if (hasMore) return 'Reading older lines…';
  if (count >= maxListLines)
    return `These are the newest ${quantityText(count, 'count')} lines. Narrow the range or the filter to see older ones.`;
  return 'No older lines in this time range.';
}

function NoLines({
  filter,
  range,
  onFilter,
}: {
  filter: LogFilter;
  range: PageRange;
  onFilter?: (filter: LogFilter) => void;
}): ReactNode {
  const filtered = !isEmptyFilter(filter);
  return (
    <EmptyState
      title={filtered ? 'No line matches' : 'No lines in this time'}
      action={
        <>
          {range.range.kind === 'relative' && range.range.seconds < 86_400 && (
            <button
              type="button"
              className="button"
              onClick={() => range.set({ kind: 'relative', seconds: 86_400 })}
            >
              Look at the last 24 hours
            </button>
          )}
          {filtered && filter.text !== '' && onFilter !== undefined && (
            <button
              type="button"
              className="button"
              onClick={() => onFilter({ ...filter, text: '' })}
            >
              <Icon name="close" size={13} /> Without “{filter.text}”
            </button>
          )}
        </>
      }
    >
      {filtered
        ? 'All lines of this time range were searched. Take a condition away, or look at a longer time.'
        : 'No watched container and no watched log file wrote anything. Lines appear here within a second of being written.'}
    </EmptyState>
  );
}
