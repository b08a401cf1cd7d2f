import { memo, type ReactNode } from 'react';
import type { LogEntry } from '@plimsoll/model/api';
import { clockTime, dayOf, exactTimeNs } from '../format/time.ts';
import { AnsiText } from './ansi-text.tsx';
import { markWords } from './highlight.ts';
import { severityLook } from './severity.ts';
import './logs.css';

interface LogLineProps {
  entry: LogEntry;
  showContainer: boolean;
  /** Words of the search, to be marked. */
  words?: readonly string[];
  /** Lines of other days carry the day. */
  today?: string;
}

/** A list's line shows this many characters; the rest is seen when it is opened. */
const maxLineChars = 2000;
const noWords: readonly string[] = [];

/** Time, container, severity, message. */
export const LogLine = memo(function LogLine({
  entry,
  showContainer,
  words = noWords,
  today,
}: LogLineProps): ReactNode {
  const look = severityLook(entry.severity);
  const day =
    today === undefined || dayOf(entry.time) === today ? '' : `${dayOf(entry.time).slice(5)} `;
  return (
    <div className="log-line mono" data-tone={look.tone}>
      <time className="log-time" title={exactTimeNs(entry.time_ns)}>
        {day}
        {clockTime(entry.time)}
      </time>
      <span className={`severity severity-${look.tone}`} title={look.title}>
        {look.letter}
      </span>
      {showContainer && (
        <span className="log-container truncate" title={`${entry.container} on ${entry.host}`}>
          {entry.container}
        </span>
      )}
      <span className="log-message">
        <Message entry={entry} words={words} />
      </span>
    </div>
  );
});

function Message({ entry, words }: { entry: LogEntry; words: readonly string[] }): ReactNode {
  if (words.length > 0) {
    return markWords(entry.message.slice(0, maxLineChars), words).map((part, index) =>
      part.hit ? <mark key={index}>{part.text}</mark> : part.text,
    );
  }
  if (entry.message_raw !== null)
    return <AnsiText text={entry.message_raw.slice(0, maxLineChars)} />;
  return entry.message.slice(0, maxLineChars);
}
