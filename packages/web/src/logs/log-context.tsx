import { useEffect, useRef, type ReactNode } from 'react';
import { Modal } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { exactTime } from '../format/time.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { ErrorState } from '../ui/notices.tsx';
import { SkeletonRows } from '../ui/skeleton.tsx';
import { LogLine } from './log-line.tsx';
import { contextQuery } from './log-queries.ts';

/** The lines of the same file before and after one line, oldest first as they were written. */
export function LogContextDialog({ id, onClose }: { id: string; onClose: () => void }): ReactNode {
  return (
    <Modal
      opened={id !== ''}
      onClose={onClose}
      size="min(1100px, 94vw)"
      title={<b>Lines around it</b>}
      transitionProps={{ duration: 80 }}
      padding={0}
    >
      {id !== '' && <LogContextLines id={id} />}
    </Modal>
  );
}

function LogContextLines({ id }: { id: string }): ReactNode {
  const { data, error, isError, refetch } = useQuery(contextQuery(id));
  const middle = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (data !== undefined) middle.current?.scrollIntoView({ block: 'center' });
  }, [data]);
  if (isError)
    return <ErrorState what="The lines around it" error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <SkeletonRows rows={20} height={22} />;
  const text = (): string =>
    [...data.before, data.line, ...data.after].map((line) => line.message).join('\n');
  return (
    <div className="log-context">
      <div className="log-context-head">
        <b>{data.line.container}</b>{' '}
        <span className="muted">
          on {data.line.host}, around {exactTime(data.line.time)}
        </span>
        <CopyButton label="Copy these lines" caption="Copy" text={text} />
      </div>
      <div className="log-context-lines">
        {data.before.map((entry) => (
          <LogLine key={entry.id} entry={entry} showContainer={false} />
        ))}
        <div className="log-context-line" ref={middle} aria-current="true">
          <LogLine entry={data.line} showContainer={false} />
        </div>
        {data.after.map((entry) => (
          <LogLine key={entry.id} entry={entry} showContainer={false} />
        ))}
      </div>
    </div>
  );
}
