/**
 * A process that follows the logs of a daemon's containers through the API and can be killed at any
 * moment. What it publishes is appended to a journal, one line of JSON per chunk; the acknowledgement
 * comes later, and the checkpoint later still, so that a kill falls between them.
 *
 * Arguments: the daemon's socket, and a folder for `journal`, `checkpoint.json` and `events`.
 */
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiLogs, DockerDiscovery, DropLedger, type ApiLogsOptions } from '@plimsoll/collector';
import { decodeRecords } from '@plimsoll/model';
import { createLogger, systemClock } from '@plimsoll/runtime';
import { randomFrom } from './random.ts';

export interface JournalLine {
  container: string;
  file: string;
  start: number;
  end: number;
  records: { position: number; text: string; stream: string }[];
}

const acknowledgeAfterMs = 60;
const checkpointEveryMs = 150;
/** Of the chunks: the transport says that there is no room. */
const refusedShare = 0.2;

class Journal {
  readonly #path: string;
  readonly #random = randomFrom(process.pid);
  readonly #persist: () => void;

  constructor(folder: string, persist: () => void) {
    this.#persist = persist;
    this.#path = join(folder, 'journal');
    // What a kill cut off has no line end, and was never acknowledged.
    appendFileSync(this.#path, '\n');
  }

  commitPayload(...[chunk, payload]: Parameters<ApiLogsOptions['sink']['commitPayload']>): boolean {
    if (this.#random() < refusedShare) return false;
    if (!chunk.origin.isPersisted) this.#persist();
    chunk.origin.isPersisted = true;
    const line: JournalLine = {
      container: chunk.source.labels.container_name,
      file: chunk.source.file_id,
      start: chunk.start,
      end: chunk.end,
      records: decodeRecords(payload).map(({ position, text, stream }) => ({
        position,
        text: text.toString('latin1'),
        stream,
      })),
    };
    appendFileSync(this.#path, `${JSON.stringify(line)}\n`);
    setTimeout(() => {
      chunk.onAcknowledged(0);
    }, acknowledgeAfterMs);
    return true;
  }
}

async function follow(socketPath: string, folder: string): Promise<void> {
  const logger = createLogger({ level: 'warn' });
  const checkpoint = join(folder, 'checkpoint.json');
  const persist = (): void => {
    writeFileSync(`${checkpoint}.new`, JSON.stringify(logs.checkpoint()));
    renameSync(`${checkpoint}.new`, checkpoint);
  };
  const place = { tenant: 'test', host: 'follower', socketPath, clock: systemClock, logger };
  const logs: ApiLogs = new ApiLogs({
    ...place,
    sink: new Journal(folder, persist),
    startAt: 'beginning',
    restored: existsSync(checkpoint)
      ? (JSON.parse(readFileSync(checkpoint, 'utf8')) as ApiLogsOptions['restored'])
      : [],
    drops: new DropLedger(),
    onEvent: (event) => {
      appendFileSync(join(folder, 'events'), `${JSON.stringify(event)}\n`);
    },
    onAcknowledged: () => undefined,
  });
  const discovery = new DockerDiscovery({ ...place, resyncIntervalMs: 5000 });
  discovery.start((change) => {
    if (change.kind === 'target') logs.takeTarget(change.target);
    if (change.kind === 'synced') logs.markSynced();
  });
  for (;;) {
    await systemClock.sleep(checkpointEveryMs);
    persist();
  }
}

const [, program, socketPath, folder] = process.argv;
if (program === import.meta.filename && socketPath !== undefined && folder !== undefined) {
  await follow(socketPath, folder);
}
