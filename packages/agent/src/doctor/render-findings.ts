import { style } from '@plimsoll/cli';
import type { Terminal } from '@plimsoll/cli';
import type { Finding } from '@plimsoll/collector';

/** One line each, the level first: for people, and for `grep -v ^ok`. */
export function renderFindings(findings: readonly Finding[], terminal: Terminal): string {
  const width = Math.max(...findings.map(({ subject }) => subject.length));
  const red = style(terminal, terminal.stdout, 'red');
  const bold = style(terminal, terminal.stdout, 'bold');
  const dim = style(terminal, terminal.stdout, 'dim');
  const colours = { ok: dim, warn: bold, fail: red };
  return findings
    .map(({ subject, level, message, lost, remedy }) => {
      const parts = [message];
      if (lost !== '') parts.push(`not collected: ${lost}`);
      if (remedy !== '') parts.push(`what to do: ${remedy}`);
      return `${colours[level](level.padEnd(4))}  ${subject.padEnd(width)}  ${parts.join('; ')}\n`;
    })
    .join('');
}
