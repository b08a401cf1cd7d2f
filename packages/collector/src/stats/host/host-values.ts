import { hostStatsValues, type HostStatsValue } from '@plimsoll/model';

const listed: string[] = Object.keys(hostStatsValues);
/** Column names in the order of the table in the model. */
export const hostStatsValueNames: readonly HostStatsValue[] = listed.filter(
  (name): name is HostStatsValue => name in hostStatsValues,
);

const places = new Map(hostStatsValueNames.map((name, index) => [name, index]));

/** One scrape of a host: a number per column, `NaN` for what is not known. */
export class HostValues {
  readonly numbers = new Float64Array(hostStatsValueNames.length).fill(NaN);

  set(name: HostStatsValue, value: number): void {
    this.numbers[places.get(name) ?? -1] = value;
  }

  get(name: HostStatsValue): number {
    return this.numbers[places.get(name) ?? -1] ?? NaN;
  }
}
