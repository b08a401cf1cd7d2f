/** `node infra/sizing/main.ts`: writes what follows from the constants of docs/sizing.md into it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fleets, readConstants, worked } from './sizing.ts';

const file = join(import.meta.dirname, '../../docs/sizing.md');
const document = readFileSync(file, 'utf8');
const [head = [], ...rows] = worked(readConstants(document), fleets);
const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
const rule = line(head.map((_, index) => (index === 0 ? '---' : '---:')));
const table = `${line(head)}${rule}${rows.map(line).join('')}`;
const between = /(<!-- worked -->\n\n)[^]*?(\n<!-- end of worked -->)/;
if (!between.test(document)) throw new Error(`${file}: expected the marks of the worked table`);
writeFileSync(file, document.replace(between, `$1${table}$2`));
