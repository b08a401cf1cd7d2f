const binaryUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

export function formatBytes(bytes: number): string {
  let value = Math.abs(bytes);
  let unit = 0;
  while (value >= 1024 && unit < binaryUnits.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = value >= 100 || unit === 0 ? 0 : 1;
  return `${bytes < 0 ? '-' : ''}${value.toFixed(digits)} ${binaryUnits[unit] ?? 'B'}`;
}

export function formatPercent(ratio: number): string {
  const percent = ratio * 100;
  // 99.96 % of a limit is not all of it.
  return `${percent >= 99 && percent < 100 ? Math.floor(percent * 10) / 10 : Math.round(percent)} %`;
}

/** The two largest units that are not zero: `3 d 4 h`, `12 min`. */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'for ever';
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 120) return `${whole} s`;
  const parts: [number, string][] = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor((whole % 86_400) / 3600), 'h'],
    [Math.floor((whole % 3600) / 60), 'min'],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

export function formatAmount(value: number, unit: 'bytes' | 'count'): string {
  return unit === 'bytes' ? formatBytes(value) : formatCount(value);
}
