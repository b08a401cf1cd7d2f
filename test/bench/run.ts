/**
 * Runs benchmark suites, prints a table for people and, when asked, JSON for machines.
 *
 *     npm run bench -- <suite…> [--json <file>]      all suites when none is named
 *
 * JSON: [{"suite","case","metric","value","unit"}]
 */
import { readdir, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Measurement, Suite } from './report.ts';

type Row = Measurement & { suite: string };

const { values, positionals } = parseArgs({
  options: { json: { type: 'string' } },
  allowPositionals: true,
});
process.exitCode = await main(positionals, values.json);

async function main(wanted: readonly string[], jsonPath: string | undefined): Promise<number> {
  const known = await suiteNames();
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    process.stderr.write(`bench: expected ${known.join(', ')}; got ${unknown.join(', ')}\n`);
    return 2;
  }
  const rows: Row[] = [];
  let failures = 0;
  for (const name of wanted.length > 0 ? wanted : known) {
    process.stderr.write(`bench: ${name} …\n`);
    const before = rows.length;
    try {
      const suite = await loadSuite(name);
      await suite.run((measurement) => rows.push({ suite: name, ...measurement }));
    } catch (error) {
      failures += 1;
      process.stderr.write(`bench: ${name} failed: ${String(error)}\n`);
    }
    process.stdout.write(formatTable(rows.slice(before)));
  }
  if (jsonPath !== undefined) await writeFile(jsonPath, `${JSON.stringify(rows, null, 2)}\n`);
  return failures > 0 ? 1 : 0;
}

async function suiteNames(): Promise<string[]> {
  const files = await readdir(new URL('suites/', import.meta.url));
  return files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -'.ts'.length))
    .toSorted();
}

async function loadSuite(name: string): Promise<Suite> {
  const loaded = (await import(new URL(`suites/${name}.ts`, import.meta.url).href)) as {
    default: Suite;
  };
  return loaded.default;
}

function formatTable(rows: readonly Row[]): string {
  const cells = rows.map((row) => [row.suite, row.case, row.metric, formatValue(row)]);
  const table = [['suite', 'case', 'metric', 'value'], ...cells];
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...table.map((cell) => (cell[column] ?? '').length)),
  );
  return table
    .map((cell) => cell.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

function formatValue({ value, unit }: Row): string {
  const digits = Math.abs(value) >= 100 ? 0 : 2;
  const number = value.toLocaleString('en', { maximumFractionDigits: digits });
  return unit === '' ? number : `${number} ${unit}`;
}
