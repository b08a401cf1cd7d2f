/**
 * The pipeline that is only there to try the rest: it reads the files that writers left, rotated
 * and compressed ones too, and knows each by its inode. Nothing in it can fail.
 */
import { readFileSync, statSync } from 'node:fs';
import { crc32, gunzipSync } from 'node:zlib';
import type { StoredRow } from './pipeline.ts';
import type { LogLabels } from './writers/ledger.ts';
import { labelsOf, logPath, type LogSpec } from './writers/log-place.ts';
import { parseRecords } from './writers/parse-records.ts';
import { rotatedFiles } from './writers/rotation.ts';

const identityInside = /@(\d+\/\d+\/\d+)\/[0-9a-f]{8} /;

export function rowsFromFiles(spec: LogSpec): StoredRow[] {
  const path = logPath(spec);
  return [...rotatedFiles(spec.format, path), path].flatMap((file) => {
    const bytes = readFileSync(file);
    const content = file.endsWith('.gz') ? gunzipSync(bytes) : bytes;
    const { dev, ino } = statSync(file);
    return rowsOf(spec, content, `${dev}:${ino}`);
  });
}

function rowsOf(spec: LogSpec, content: Buffer, file: string): StoredRow[] {
  const labels: LogLabels = labelsOf(spec);
  return parseRecords(spec.format, content).map(({ position, text }) => ({
    file,
    ...labels,
    position,
    crc: crc32(text),
    length: text.length,
    identity: identityInside.exec(text.toString('latin1', 0, 160))?.[1] ?? '',
  }));
}
