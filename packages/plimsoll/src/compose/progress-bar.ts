import type { TerminalStream } from '@plimsoll/cli';

export interface ProgressBar {
  /** @param done 0…1 */
  show(done: number): void;
  end(): void;
}

const width = 30;
/** Where nobody watches, a line for each tenth. */
const plainSteps = 10;

/** `Making 24 hours of history [█████░░░░░]  52 %  7 s` on one line of a terminal. */
export function progressBar(stream: TerminalStream, label: string): ProgressBar {
  const from = performance.now();
  const isTerminal = stream.isTTY === true;
  let shown = -1;
  return {
    show: (done) => {
      const percent = Math.floor(Math.min(1, Math.max(0, done)) * 100);
      const step = isTerminal ? percent : Math.floor((percent * plainSteps) / 100);
      if (step === shown) return;
      shown = step;
      const seconds = Math.round((performance.now() - from) / 1000);
      const text = `${String(percent).padStart(3)} %  ${seconds} s`;
      if (isTerminal) stream.write(`\r${label} [${bar(percent / 100)}] ${text} `);
      else stream.write(`${label}: ${text.trim()}\n`);
    },
    end: () => {
      if (isTerminal && shown >= 0) stream.write('\n');
    },
  };
}

function bar(done: number): string {
  const full = Math.round(done * width);
  return '█'.repeat(full) + '░'.repeat(width - full);
}
