import type { CollectorStatus } from '@plimsoll/collector';
import type { Config } from '@plimsoll/runtime';

/** What the collector reads, in a phrase: `box: 12 containers by Docker 27.1, the host itself`. */
export function describeWatched(
  config: Config['collector'],
  status: Pick<CollectorStatus, 'discovery' | 'containers'>,
): string {
  const parts: string[] = [];
  if (config.docker.enabled) parts.push(containersText(status));
  if (config.logs.enabled && config.logs.files.length > 0) {
    parts.push(`log files ${config.logs.files.join(', ')}`);
  }
  if (config.stats.enabled) parts.push('the host itself');
  return `${config.host}: ${parts.length === 0 ? 'nothing' : parts.join(', ')}`;
}

function containersText({
  discovery,
  containers,
}: Pick<CollectorStatus, 'discovery' | 'containers'>): string {
  const count = containers === 1 ? '1 container' : `${containers} containers`;
  if (discovery.state === 'absent') return 'no containers (there is no Docker here)';
  if (discovery.state === 'unreachable')
    return `${count} (Docker does not answer: ${discovery.reason})`;
  return `${count} by Docker ${discovery.version}`.trimEnd();
}
