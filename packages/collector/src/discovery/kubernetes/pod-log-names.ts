/**
 * Names that the kubelet gives to logs:
 *
 *     /var/log/pods/<namespace>_<pod>_<uid>/<container>/<restart>.log
 *     /var/log/containers/<pod>_<namespace>_<container>-<id>.log  ->  the file above
 *
 * The second is cut to 255 bytes, which takes from the id first. Names come from outside: whatever
 * is shaped differently reads as null.
 */
import { posix } from 'node:path';

export interface PodFolder {
  readonly namespace: string;
  readonly pod: string;
  /** UUID; of a static pod, a hash of 32 hexadecimal digits. */
  readonly uid: string;
}

/** Where a log lies: the place is unique on a host, for ever. */
export interface PodLogPlace extends PodFolder {
  readonly container: string;
  /** How often the kubelet had started the container before. */
  readonly restartCount: number;
}

/** A namespace and a uid have no underscore. */
const podFolder = /^([^_/]+)_([^/]+)_([^_/]+)$/;
const logFile = /^(0|[1-9]\d{0,8})\.log$/;
const linkSuffix = '.log';
/** Longest name that the kubelet gives to a link. */
const maxLinkBytes = 255;
const wholeId = /^[0-9a-f]{64}$/;

export function parsePodFolder(name: string): PodFolder | null {
  const [, namespace, pod, uid] = podFolder.exec(name) ?? [];
  if (namespace === undefined || pod === undefined || uid === undefined) return null;
  return { namespace, pod, uid };
}

/** The restart count in `<restart>.log`; null for rotated and compressed files. */
export function parseLogName(name: string): number | null {
  const count = logFile.exec(name)?.[1];
  return count === undefined ? null : Number(count);
}

/** The place of a path that ends in `<pod folder>/<container>/<restart>.log`. */
export function parseLogPath(path: string): PodLogPlace | null {
  const [file, container, folder] = path.split('/').toReversed();
  if (file === undefined || folder === undefined || !isContainerName(container)) return null;
  const restartCount = parseLogName(file);
  const pod = parsePodFolder(folder);
  return pod && restartCount !== null ? { ...pod, container, restartCount } : null;
}

export function isContainerName(name: string | undefined): name is string {
  return name !== undefined && name !== '' && name !== '.' && name !== '..';
}

/** What the name of a link says of the container's id. */
export type LinkId =
  | { readonly kind: 'whole'; readonly id: string }
  /** The name was too long: the first digits of the id, perhaps none. */
  | { readonly kind: 'cut'; readonly prefix: string }
  | { readonly kind: 'none' };

/** @param place where the link leads to */
export function parseLinkName(name: string, place: PodLogPlace): LinkId {
  if (!name.endsWith(linkSuffix)) return { kind: 'none' };
  const bare = name.slice(0, -linkSuffix.length);
  const before = `${place.pod}_${place.namespace}_${place.container}-`;
  const id = bare.startsWith(before) ? bare.slice(before.length) : '';
  if (wholeId.test(id)) return { kind: 'whole', id };
  const isFull = Buffer.byteLength(name) >= maxLinkBytes;
  const isCut = isFull && (before.startsWith(bare) || /^[0-9a-f]{0,63}$/.test(id));
  return isCut ? { kind: 'cut', prefix: id } : { kind: 'none' };
}

/** What a link leads to, as the host names it. */
export function linkDestination(folder: string, destination: string): string {
  return posix.resolve(folder, destination);
}
