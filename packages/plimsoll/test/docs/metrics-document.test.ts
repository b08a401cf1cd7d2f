/** docs/specs/metrics.md is held to what the source registers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { metricNameProblem } from '@plimsoll/runtime';
import { mentionedNames, registeredMetrics } from './registered-metrics.ts';

const file = join(import.meta.dirname, '../../../../docs/specs/metrics.md');
const registered = registeredMetrics();

/** `| `name` | kind | `label`, `label` | meaning |` */
function documented() {
  const line = /^\| `(plimsoll_\w+)` +\| (\w+) +\| (.*?) +\| (.+?) +\|$/gm;
  return [...readFileSync(file, 'utf8').matchAll(line)].map(([, name, kind, labels = '']) => ({
    name,
    kind,
    labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label),
  }));
}

describe('own metrics', () => {
  test('are all in the document, with kind and labels, and no others', () => {
    const wanted = registered.map(({ name, kind, labels }) => ({ name, kind, labels }));
    expect(documented().toSorted((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1))).toEqual(
      wanted,
    );
  });

  test('are all registered in the way that this test can read', () => {
    expect(registered.map(({ name }) => name)).toEqual(mentionedNames());
  });

  test.each(registered)('$name follows the template', ({ name, kind, help }) => {
    expect(metricNameProblem(name, kind)).toBeNull();
    expect(help).toMatch(/^[A-Z].*\.$/);
  });
});
