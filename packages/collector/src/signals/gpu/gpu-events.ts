/** Rows of `events` about GPUs. */
import { type EventRow, hostLabels } from '@plimsoll/model';
import { type EventDraft, makeEvent } from '../../events.ts';
import type { SignalContext } from '../signal.ts';
import type { GoneProcess } from './gone-memory.ts';
import type { SmiFailure } from './nvidia-smi.ts';

/** nvidia-smi fails. Where it never worked, the driver may not be wanted. */
export function unreadableEvent(
  { code, reason, hasWorked }: { code: SmiFailure; reason: string; hasWorked: boolean },
  context: SignalContext,
): EventRow {
  return tell(context, {
    kind: 'gpu_error',
    severity: hasWorked ? 'error' : 'warning',
    message: `The GPUs cannot be read: ${reason}`,
    attributes: { reason, failure: code },
    occurrence: `nvidia-smi ${context.clock.now()}`,
  });
}

export function memoryFoundEvent(gone: GoneProcess, context: SignalContext): EventRow {
  return tell(context, {
    ...describe(gone),
    kind: 'orphan_found',
    severity: 'warning',
    message: `${subjectOf(gone)} is left over: the process is gone.`,
  });
}

export function memoryReleasedEvent(gone: GoneProcess, context: SignalContext): EventRow {
  return tell(context, {
    ...describe(gone),
    kind: 'orphan_removed',
    severity: 'info',
    message: `${subjectOf(gone)} was released.`,
  });
}

function subjectOf({ process }: GoneProcess): string {
  return `Memory of GPU ${process.uuid} held for process ${process.pid} (${process.name})`;
}

function describe({ process, sinceMs }: GoneProcess): Pick<EventDraft, 'occurrence'> & {
  attributes: Record<string, string>;
} {
  const { uuid, pid, name, memoryBytes } = process;
  return {
    attributes: {
      type: 'gpu_memory',
      name: uuid,
      pid: String(pid),
      process: name,
      since: new Date(sinceMs).toISOString(),
      ...(memoryBytes === null ? {} : { bytes: String(memoryBytes) }),
    },
    occurrence: `gpu_memory ${uuid} ${pid} ${sinceMs}`,
  };
}

function tell(context: SignalContext, draft: Omit<EventDraft, 'labels' | 'timeMs'>): EventRow {
  return makeEvent({
    ...draft,
    labels: hostLabels(context.tenant, context.host),
    timeMs: context.clock.now(),
    attributes: { source: 'nvidia-smi', ...draft.attributes },
  });
}
