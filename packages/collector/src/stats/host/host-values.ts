import { hostStatsValues, type HostStatsValue } from '@plimsoll/model';
import { isOutOfRange } from '../container-values.ts';

const listed: string[] = Object.keys(hostStatsValues);
/** Column names in the order of the table in the model. */
export const hostStatsValueNames: readonly HostStatsValue[] = listed.filter(
  (name): name is HostStatsValue => name in hostStatsValues,
);

const places = new Map(hostStatsValueNames.map((name, index) => [name, index]));

/** One scrape of a host: a number per column, `NaN` for what is not known. */
export class HostValues {
  readonly numbers = new Float64Array(hostStatsValueNames.length).fill(NaN);
  /** Values left out because they were out of range. */
  outOfRange = 0;

  /** Leaves out and counts what no counter or size can be; a limit of `Infinity` is none. */
  set(name: HostStatsValue, value: number): void {
    const isNone = value === Infinity && hostStatsValues[name] === 'limit';
    const isLeftOut = !isNone && isOutOfRange(value);
    if (isLeftOut) this.outOfRange++;
    this.numbers[places.get(name) ?? -1] = isLeftOut ? NaN : value;
  }

  get(name: HostStatsValue): number {
    return this.numbers[places.get(name) ?? -1] ?? NaN;
  }
}
