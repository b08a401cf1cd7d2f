/** Docker log files that are a rule instead of bytes on a disk: line `index` of file `file`. */
export const fileCount = 3;

export function message(file: number, index: number): string {
  return `file ${file} line ${index} ${'x'.repeat(index % 120)}`;
}

export function line(file: number, index: number): string {
  const time = new Date(Date.UTC(2026, 0, 10 + (index % 7), 9, 0, 0, index % 1000)).toISOString();
  return `{"log":${JSON.stringify(`${message(file, index)}\n`)},"stream":"stdout","time":"${time}"}\n`;
}
