import type { SimulatedContainer } from '../simulation/container.ts';
import { stderr, type LogContext } from './entry.ts';
import type { LogWriter } from './log-writer.ts';
import { logMakers } from './styles.ts';
import { nanosecondTime } from './time-text.ts';

/** Lines a second of a container whose debug level was left on: about 450 KiB of file. */
const floodLinesPerSecond = 640;

/** Writes what a container logs in `(fromMs, toMs]`, in the order of time. */
export function writeLog(
  container: SimulatedContainer,
  writer: LogWriter,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): void {
  if (!container.isRunning) return;
  const { plan, random, load } = container;
  const isFlooding = container.isFlooding(toMs);
  const rate = isFlooding ? floodLinesPerSecond : plan.service.linesPerSecond * load * 1.4;
  const count = random.poisson((rate * (toMs - fromMs)) / 1000);
  const context: LogContext = {
    random,
    timeMs: fromMs,
    service: plan.service.name,
    version: plan.image.split(':').at(-1) ?? '',
    load,
    isTroubled: isFlooding || isTroubled(container),
  };
  const make = logMakers[plan.service.log];
  const step = (toMs - fromMs) / Math.max(1, count);
  for (let i = 0; i < count; i++) {
    context.timeMs = fromMs + step * (i + random.next());
    writer.add(make(context), nanosecondTime(context.timeMs, random.whole(0, 999_999)));
  }
}

/** What a process that is killed leaves behind. */
export function writeLastWords(
  container: SimulatedContainer,
  writer: LogWriter,
  timeMs: number,
): void {
  const at = nanosecondTime(timeMs, 0);
  writer.add(stderr(`${container.plan.service.name}: allocating 64 MiB for the next batch`), at);
}

function isTroubled({ plan, health }: SimulatedContainer): boolean {
  return plan.story === 'oom-loop' || health === 'unhealthy';
}
