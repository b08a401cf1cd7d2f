import { useEffect, useMemo, useRef, useState } from 'react';
import type { LogEntry, LogPage, LogTailMessage } from '@plimsoll/model/api';
import { apiGet, apiUrl } from '../api/client.ts';
import { followEvents } from '../api/event-stream.ts';
import { filterKey, requestParams, type LogFilter } from './log-filter.ts';
import { noLiveLines, takeLines, type LiveLines } from './line-model.ts';

export interface LiveTail extends LiveLines {
  /** Lines that matched but were not sent, because they came too quickly. */
  dropped: number;
  problem: string | null;
}

interface TailOptions {
  filter: LogFilter;
  enabled: boolean;
  /** Changes when the list below is read anew: what was live is then part of it. */
  generation: number;
  /** The list below: the tail joins on to it. */
  firstPage: LogPage | undefined;
}

const flushMs = 200;
/** How far back is looked when the stream begins: nothing falls between list and tail. */
const overlapMs = 10_000;
const catchUpLines = 1000;
const quiet: LiveTail = { ...noLiveLines, dropped: 0, problem: null };

/** The lines that came since the list was read, collected for a moment so that a flood stays drawable. */
export function useLiveTail({ filter, enabled, generation, firstPage }: TailOptions): LiveTail {
  const [state, setState] = useState({ key: '', tail: quiet });
  const key = `${filterKey(filter)} ${generation}`;
  const known = useMemo(
    () => new Set((firstPage?.items ?? []).map((line) => line.id)),
    [firstPage],
  );
  const latest = useRef({ filter, known });
  useEffect(() => {
    latest.current = { filter, known };
  });
  useEffect(() => {
    if (!enabled) return undefined;
    const setTail = (change: (old: LiveTail) => LiveTail): void =>
      setState((old) => ({ key, tail: change(old.key === key ? old.tail : quiet) }));
    const abort = new AbortController();
    const since = Date.now() - overlapMs;
    let waiting: LogEntry[] = [];
    let dropped = 0;
    const timer = setInterval(() => {
      if (waiting.length === 0 && dropped === 0) return;
      const lines = waiting;
      const lost = dropped;
      waiting = [];
      dropped = 0;
      setTail((old) => ({
        ...old,
        ...takeLines(old, lines, latest.current.known),
        dropped: old.dropped + lost,
      }));
    }, flushMs);
    const params = requestParams(latest.current.filter);
    void followEvents({
      url: apiUrl('logs/tail', params),
      signal: abort.signal,
      onEvent: (data) => {
        const message = parseMessage(data);
        if (message?.type === 'entries') waiting.push(...message.entries);
        else if (message?.type === 'dropped') dropped += message.count;
      },
      onStatus: (problem) => {
        setTail((old) => (old.problem === problem ? old : { ...old, problem }));
        if (problem !== null) return;
        const range = { from: since, to: Date.now(), limit: catchUpLines };
        apiGet<LogPage>('logs', { ...params, ...range }, abort.signal).then(
          (page) => waiting.push(...page.items),
          // The stream itself goes on; its next connection looks back again.
          () => undefined,
        );
      },
    });
    return () => {
      abort.abort();
      clearInterval(timer);
    };
  }, [key, enabled]);
  return enabled && state.key === key ? state.tail : quiet;
}

function parseMessage(data: string): LogTailMessage | null {
  try {
    const message: unknown = JSON.parse(data);
    return isTailMessage(message) ? message : null;
  } catch {
    return null;
  }
}

function isTailMessage(message: unknown): message is LogTailMessage {
  if (typeof message !== 'object' || message === null || !('type' in message)) return false;
  if (message.type === 'entries') return 'entries' in message && Array.isArray(message.entries);
  if (message.type === 'dropped') return 'count' in message && typeof message.count === 'number';
  return message.type === 'heartbeat';
}
