/** What the Docker daemon itself knows to be left over. */
import { at, list, text } from '../../discovery/json-fields.ts';
import { askDaemon, type AskOptions } from '../daemon/ask-daemon.ts';
import type { Leftover } from './leftover.ts';

/** Undefined where the daemon did not answer. */
export interface DockerLeftovers {
  /** Volumes that no container uses. */
  volumes: readonly Leftover[] | undefined;
  /** Dead, being removed, or created and never started. */
  containers: readonly Leftover[] | undefined;
  /** Of these, dead or being removed. */
  dead: number | undefined;
}

const danglingVolumes = `/volumes?filters=${filters({ dangling: ['true'] })}`;
const strayContainers = `/containers/json?all=1&filters=${filters({
  status: ['created', 'dead', 'removing'],
})}`;
/** A name given by Docker is 64 hexadecimal digits: nobody will ask for it again. */
const anonymous = /^[0-9a-f]{64}$/;

export async function askLeftovers(options: AskOptions): Promise<DockerLeftovers> {
  const volumes = await bodyOf(danglingVolumes, options);
  const containers = await bodyOf(strayContainers, options);
  const stray = Array.isArray(containers) ? containers.flatMap(describeContainer) : undefined;
  return {
    volumes: volumes === undefined ? undefined : list(volumes, 'Volumes').flatMap(describeVolume),
    containers: stray,
    dead: stray?.filter(({ attributes }) => attributes['state'] !== 'created').length,
  };
}

function describeVolume(volume: unknown): Leftover[] {
  const name = text(volume, 'Name');
  if (name === '') return [];
  const createdAt = text(volume, 'CreatedAt');
  const attributes = {
    driver: text(volume, 'Driver'),
    created_at: createdAt,
    anonymous: String(anonymous.test(name)),
  };
  return [{ type: 'volume', key: `${name} ${createdAt}`, name, containerId: '', attributes }];
}

function describeContainer(container: unknown): Leftover[] {
  const id = text(container, 'Id');
  if (id === '') return [];
  const [first] = list(container, 'Names');
  const name = typeof first === 'string' ? first.replace(/^\//, '') : id.slice(0, 12);
  const created = at(container, 'Created');
  const attributes = {
    state: text(container, 'State'),
    ...(typeof created === 'number' && Number.isSafeInteger(created)
      ? { created_at: formatSeconds(created) }
      : {}),
  };
  // A container that was created and dies later is another left-over than before.
  const key = `${id} ${attributes.state}`;
  return [{ type: 'container', key, name, containerId: id, attributes }];
}

async function bodyOf(path: string, options: AskOptions): Promise<unknown> {
  const answer = await askDaemon(path, options);
  return answer.kind === 'answered' && answer.status === 200 ? answer.body : undefined;
}

function filters(value: Record<string, string[]>): string {
  return encodeURIComponent(JSON.stringify(value));
}

/** Beyond what a Date holds, the number as it is. */
function formatSeconds(seconds: number): string {
  return Math.abs(seconds) < 8.64e12 ? new Date(seconds * 1000).toISOString() : String(seconds);
}
