import { z } from 'zod';

const durationUnits = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const sizeUnits = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const;

/** A duration such as `500ms`, `5s`, `10m`, `2h`, `14d`, or `0`; milliseconds after parsing. */
export const duration = z
  .union([z.string(), z.number()])
  .transform((value, context) => {
    const parsed = parseQuantity(String(value), durationUnits);
    if (parsed !== null) return parsed;
    context.addIssue({
      code: 'custom',
      message: `expected a duration such as 5s, got ${JSON.stringify(value)}`,
    });
    return z.NEVER;
  })
  .meta({ quantity: 'duration' });

/** A size such as `64KiB`, `8MiB`, `2GiB`, or `0`; bytes after parsing. */
export const size = z
  .union([z.string(), z.number()])
  .transform((value, context) => {
    const parsed = parseQuantity(String(value), sizeUnits);
    if (parsed !== null) return parsed;
    context.addIssue({
      code: 'custom',
      message: `expected a size such as 64MiB, got ${JSON.stringify(value)}`,
    });
    return z.NEVER;
  })
  .meta({ quantity: 'size' });

/** The shortest exact text: `90000` milliseconds are `90s`, `25165824` bytes are `24MiB`. */
export function formatQuantity(value: number, kind: 'duration' | 'size'): string {
  if (value === 0) return '0';
  const units = Object.entries(kind === 'duration' ? durationUnits : sizeUnits);
  const [name, factor] = units.findLast(([, unit]) => value % unit === 0) ?? units[0] ?? ['', 1];
  return `${value / factor}${name}`;
}

/** Null when the text is no quantity in these units; only zero may stand without a unit. */
function parseQuantity(text: string, units: Readonly<Record<string, number>>): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text.trim());
  if (!match?.[1]) return null;
  const number = Number(match[1]);
  if (!match[2]) return number === 0 ? 0 : null;
  const unit = units[match[2]];
  return unit === undefined ? null : Math.round(number * unit);
}
