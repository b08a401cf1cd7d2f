/** A process that writes logs, as the run sees it. */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { ManagedProcess } from '../processes/managed-process.ts';
import type { WriterJob, WriterReport } from './writer-job.ts';

export interface WriterProcessOptions {
  name: string;
  job: WriterJob;
  /** For its job and its log. */
  folder: string;
  onUnexpectedEnd: (how: string) => void;
}

const program = resolve(import.meta.dirname, 'main.ts');

export class WriterProcess extends ManagedProcess {
  readonly job: WriterJob;
  #report: WriterReport = { written: 0, rotations: 0 };
  #earlierRotations = 0;

  constructor({ name, job, folder, onUnexpectedEnd }: WriterProcessOptions) {
    const jobFile = join(folder, `${name}.json`);
    writeFileSync(jobFile, JSON.stringify(job));
    super({
      name,
      kind: 'writer',
      command: process.execPath,
      args: [program, jobFile],
      cwd: folder,
      logFile: join(folder, `${name}.log`),
      onOutput: (output) => this.#follow(output),
      onUnexpectedEnd,
    });
    this.job = job;
  }

  /** Lines completely in files, as it told last. */
  get written(): number {
    return this.#report.written;
  }

  get rotations(): number {
    return this.#earlierRotations + this.#report.rotations;
  }

  #follow(output: Readable): void {
    this.#earlierRotations += this.#report.rotations;
    this.#report = { ...this.#report, rotations: 0 };
    createInterface({ input: output }).on('line', (line) => {
      // A line of ours, whole or, of a killed process, cut.
      if (line.endsWith('}')) this.#report = JSON.parse(line) as WriterReport;
    });
  }
}
