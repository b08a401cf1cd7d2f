import type { TargetLabels } from '@plimsoll/model';
import type { Config } from '@plimsoll/runtime';
import { matchesContainer } from './container-match.ts';

/** Whether a container is watched at all: its log, its statistics, its events. */
export type ContainerFilter = (container: FilteredContainer) => boolean;

/** A target, or what an event says of a container that is not described yet. */
export interface FilteredContainer {
  readonly labels: TargetLabels;
  readonly dockerLabels: Readonly<Record<string, string>>;
}

export const everyContainer: ContainerFilter = () => true;

/** With `include`, only what one of its entries fits; `exclude` is stronger. */
export function containerFilter({
  include,
  exclude,
}: Config['collector']['containers']): ContainerFilter {
  if (include.length === 0 && exclude.length === 0) return everyContainer;
  return ({ labels, dockerLabels }) => {
    const fits = (match: (typeof include)[number]): boolean =>
      matchesContainer(match, labels, dockerLabels);
    return (include.length === 0 || include.some(fits)) && !exclude.some(fits);
  };
}
