/** The writers of a run: a process for each host, with logs of every kind. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { WrittenLog } from '../checker/check-rows.ts';
import { readLedger } from '../writers/ledger.ts';
import { makeHostFolders, type HostPlace, type LogSpec } from '../writers/log-place.ts';
import type { LogFormat } from '../writers/unit.ts';
import { WriterProcess } from '../writers/writer-process.ts';

export interface WritersOptions {
  folder: string;
  hosts: readonly HostPlace[];
  seed: number;
  /** Of all together. */
  linesPerSecond: number;
  collectedFile: string;
  onNote: (note: string) => void;
}

/** Of each host: many files, as on a host with some containers and some old programs. */
const formats: readonly LogFormat[] = [
  ...Array<LogFormat>(4).fill('cri'),
  ...Array<LogFormat>(3).fill('docker-json'),
  ...Array<LogFormat>(3).fill('plain'),
];

const rotateBytes = 600_000;
/** Times that lines claim begin a little before now, so that none is of the future. */
const claimedAgeMs = 60_000;

export class Writers {
  readonly processes: readonly WriterProcess[];

  constructor(options: WritersOptions) {
    const { folder, hosts, seed, linesPerSecond, collectedFile, onNote } = options;
    const ledgers = join(folder, 'ledgers');
    mkdirSync(ledgers, { recursive: true });
    const baseMs = Date.now() - claimedAgeMs;
    this.processes = hosts.map((place, at) => {
      makeHostFolders(place);
      const name = `writer-${at + 1}`;
      const logs = formats.map((format, file): LogSpec => {
        const isText = format === 'docker-json';
        return { seed, writer: at + 1, file, isText, hasTiny: true, format, baseMs, place };
      });
      return new WriterProcess({
        name,
        folder,
        job: {
          logs,
          ledgers,
          collectedFile,
          rotateBytes,
          linesPerSecond: linesPerSecond / hosts.length,
        },
        onUnexpectedEnd: (how) => onNote(`${name} ended by itself: ${how}`),
      });
    });
  }

  async start(): Promise<void> {
    for (const process of this.processes) await process.start();
  }

  /** In order: what is begun is ended and in the ledger. @throws when one does not */
  async finish(): Promise<void> {
    const ends = await Promise.all(this.processes.map((process) => process.end('SIGTERM')));
    const odd = ends.find((how) => how !== 'exit code 0');
    if (odd !== undefined) throw new Error(`a writer ended with ${odd}`);
    const open = this.written().filter(({ ledger }) => !ledger.isFinal);
    if (open.length > 0) throw new Error(`${open.length} ledgers were not closed`);
  }

  async kill(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.end('SIGKILL')));
  }

  get lines(): number {
    return this.processes.reduce((sum, { written }) => sum + written, 0);
  }

  get rotations(): number {
    return this.processes.reduce((sum, { rotations }) => sum + rotations, 0);
  }

  get files(): number {
    return this.processes.length * formats.length;
  }

  written(): WrittenLog[] {
    return this.processes.flatMap(({ job }) =>
      job.logs.map((spec) => {
        const path = join(job.ledgers, `${spec.writer}-${spec.file}.jsonl`);
        return { spec, ledger: readLedger(path) };
      }),
    );
  }
}
