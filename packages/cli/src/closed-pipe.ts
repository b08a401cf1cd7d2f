import { EventEmitter } from 'node:events';
import { codeOf } from '@plimsoll/runtime';
import type { TerminalStream } from './terminal.ts';

/** `plimsoll sql … | head` closes the pipe: that is the reader's right and no error. */
export function ignoreClosedPipe(stream: TerminalStream): void {
  if (!(stream instanceof EventEmitter)) return;
  stream.on('error', (error) => {
    if (codeOf(error) !== 'EPIPE') throw error;
    process.exit(0);
  });
}
