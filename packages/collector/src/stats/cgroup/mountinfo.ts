/** Lines of `/proc/<pid>/mountinfo`, see proc_pid_mountinfo(5). Read rarely, so as text. */

export interface Mount {
  /** `major:minor` of the device. */
  device: string;
  /** Folder within the mounted filesystem that is the root of this mount. */
  root: string;
  mountpoint: string;
  fstype: string;
  /** What is mounted: a device, or a word of the filesystem's own. */
  source: string;
  superOptions: readonly string[];
}

/** The mounts in their order; lines of another shape are left out. */
export function parseMountinfo(text: string): Mount[] {
  const mounts: Mount[] = [];
  for (const line of text.split('\n')) {
    const separator = line.indexOf(' - ');
    if (separator < 0) continue;
    const [, , device, root, mountpoint] = line.slice(0, separator).split(' ');
    const [fstype, source, superOptions] = line.slice(separator + 3).split(' ');
    if (device === undefined || root === undefined || mountpoint === undefined) continue;
    if (fstype === undefined || source === undefined) continue;
    mounts.push({
      device,
      root: unescapeOctal(root),
      mountpoint: unescapeOctal(mountpoint),
      fstype,
      source: unescapeOctal(source),
      superOptions: (superOptions ?? '').split(','),
    });
  }
  return mounts;
}

/** Blanks, newlines and backslashes stand as `\040` and the like. */
function unescapeOctal(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
