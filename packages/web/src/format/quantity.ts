/** A number as people read it: the figure and its unit apart, because units are drawn smaller. */
export interface Quantity {
  value: string;
  unit: string;
}

export type Unit =
  'bytes' | 'bytes_per_second' | 'ratio' | 'count' | 'count_per_second' | 'cores' | 'seconds';

const absent: Quantity = { value: '–', unit: '' };
const binaryUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;
const decimalUnits = ['', 'k', 'M', 'G', 'T'] as const;
const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

export function formatQuantity(value: number | null | undefined, unit: Unit): Quantity {
  if (value === null || value === undefined || !Number.isFinite(value)) return absent;
  return formats[unit](value);
}

const formats: Record<Unit, (value: number) => Quantity> = {
  bytes: formatBytes,
  bytes_per_second: (value) => perSecond(formatBytes(value)),
  ratio: formatRatio,
  count: formatCount,
  count_per_second: (value) => perSecond(formatCount(value)),
  cores: formatCores,
  seconds: (value) => ({ value: formatDuration(value), unit: '' }),
};

function perSecond(quantity: Quantity): Quantity {
  return { value: quantity.value, unit: `${quantity.unit}/s` };
}

/** On an axis the title already says what is measured: `400 m` instead of `400 m cores`. */
export function axisText(value: number, unit: Unit): string {
  // Ticks stand at quarters: rounded further, 0.25 % would read as 0.3 %.
  if (unit === 'ratio')
    return `${trimZero((value * 100).toFixed(Math.abs(value) < 0.01 ? 2 : 1))}\u00a0%`;
  if (unit !== 'cores') return quantityText(value, unit);
  return value !== 0 && Math.abs(value) < 0.9995
    ? `${trimZero((value * 1000).toPrecision(3))}\u00a0m`
    : threeDigits(value);
}

/** `512 of 768 MiB`, `919 MiB of 1 GiB`: the unit is said once where both have the same. */
export function usedOfText(
  used: number | null,
  limit: number,
  unit: Unit,
): { used: string; rest: string } {
  const a = formatQuantity(used, unit);
  if (limit <= 0) return { used: quantityText(used, unit), rest: 'no limit' };
  const b = formatQuantity(limit, unit);
  const shared = a.unit === b.unit || (a.unit.startsWith('core') && b.unit.startsWith('core'));
  return {
    used: shared ? a.value : quantityText(used, unit),
    rest: `of ${quantityText(limit, unit)}`,
  };
}

/** The same on one line, for titles, tooltips and canvas. */
export function quantityText(value: number | null | undefined, unit: Unit): string {
  const quantity = formatQuantity(value, unit);
  if (quantity.unit === '') return quantity.value;
  return quantity.unit.startsWith('/')
    ? `${quantity.value}${quantity.unit}`
    : `${quantity.value}\u00a0${quantity.unit}`;
}

function formatBytes(value: number): Quantity {
  const [scaled, index] = scale(value, 1024, binaryUnits.length);
  return {
    value: index === 0 ? String(Math.round(scaled)) : threeDigits(scaled),
    unit: binaryUnits[index] ?? '',
  };
}

/** Whole up to 9,999,999; above that in M, G, T with three digits. */
function formatCount(value: number): Quantity {
  if (Math.abs(value) < 10 && !Number.isInteger(value))
    return { value: threeDigits(value), unit: '' };
  if (Math.abs(value) < 1e7) return { value: grouped.format(value), unit: '' };
  const [scaled, index] = scale(value, 1000, decimalUnits.length);
  return { value: threeDigits(scaled), unit: decimalUnits[index] ?? '' };
}

function formatRatio(value: number): Quantity {
  const percent = value * 100;
  const digits = percent !== 0 && Math.abs(percent) < 10 ? 1 : 0;
  return { value: trimZero(percent.toFixed(digits)), unit: '%' };
}

function formatCores(value: number): Quantity {
  if (value !== 0 && Math.abs(value) < 0.9995) {
    const milli = value * 1000;
    const text = Math.abs(milli) < 1 ? milli.toFixed(2) : milli.toPrecision(3);
    return { value: trimZero(text), unit: 'm cores' };
  }
  return { value: threeDigits(value), unit: Math.abs(value) === 1 ? 'core' : 'cores' };
}

/** Two units at most: `5 h 40 m`, `3 d 4 h`, `12 s`, `340 ms`. */
export function formatDuration(seconds: number): string {
  const sign = seconds < 0 ? '−' : '';
  const s = Math.abs(seconds);
  if (s === 0) return '0 s';
  if (s < 0.001) return `${sign}${trimZero((s * 1e6).toPrecision(2))} µs`;
  if (s < 0.9995) return `${sign}${Math.round(s * 1000)} ms`;
  if (s < 9.95) return `${sign}${trimZero(s.toFixed(1))} s`;
  if (s < 59.5) return `${sign}${Math.round(s)} s`;
  const parts: [number, string][] = [
    [Math.round(s), 's'],
    [Math.round(s / 60), 'm'],
    [Math.round(s / 3600), 'h'],
  ];
  if (s < 3570) return sign + twoUnits(parts[0]?.[0] ?? 0, 60, ['m', 's']);
  if (s < 86_000) return sign + twoUnits(parts[1]?.[0] ?? 0, 60, ['h', 'm']);
  if (s < 86_400 * 365) return sign + twoUnits(parts[2]?.[0] ?? 0, 24, ['d', 'h']);
  return `${sign}${threeDigits(s / (86_400 * 365))} years`;
}

function twoUnits(total: number, base: number, units: readonly [string, string]): string {
  const large = Math.floor(total / base);
  const small = total % base;
  return small === 0 || large >= 100
    ? `${large} ${units[0]}`
    : `${large} ${units[0]} ${small} ${units[1]}`;
}

function scale(value: number, base: number, steps: number): [number, number] {
  let scaled = value;
  let index = 0;
  // 999.5 would print as 1000 of the smaller unit.
  while (Math.abs(scaled) >= base - 0.5 && index < steps - 1) {
    scaled /= base;
    index += 1;
  }
  return [scaled, index];
}

function threeDigits(value: number): string {
  const size = Math.abs(value);
  if (size >= 99.95) return grouped.format(value);
  return trimZero(value.toFixed(size >= 9.995 ? 1 : 2));
}

function trimZero(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
