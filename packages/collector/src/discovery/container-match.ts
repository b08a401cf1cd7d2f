/** Which containers an entry of the configuration speaks of: by name, image, namespace and labels. */
import type { TargetLabels } from '@plimsoll/model';
import type { Config } from '@plimsoll/runtime';

export type ContainerMatch = Config['collector']['containers']['include'][number];

/** All that are given must fit; of each list one. A match without any fits every container. */
export function matchesContainer(
  { name, image, namespace, label }: ContainerMatch,
  labels: TargetLabels,
  dockerLabels: Readonly<Record<string, string>>,
): boolean {
  return (
    fitsAny(name, labels.container_name) &&
    fitsAny(image, labels.image) &&
    fitsAny(namespace, labels.kubernetes_namespace) &&
    (label === undefined || label.some((wanted) => hasLabel(dockerLabels, wanted)))
  );
}

function fitsAny(globs: readonly string[] | undefined, text: string): boolean {
  return globs === undefined || globs.some((glob) => matchesGlob(glob, text));
}

/** `wanted` is a key, or `key=pattern of the value`. */
function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const at = wanted.indexOf('=');
  const key = at < 0 ? wanted : wanted.slice(0, at);
  if (!Object.hasOwn(labels, key)) return false;
  return at < 0 || matchesGlob(wanted.slice(at + 1), labels[key] ?? '');
}

/**
 * Whether the whole text fits: `*` is any run of characters, `?` any one. Goes back to the last `*`
 * only, so the work is at most the product of both lengths.
 */
export function matchesGlob(glob: string, text: string): boolean {
  let at = 0;
  let from = 0;
  let star = -1;
  let resumeAt = 0;
  while (from < text.length) {
    if (glob[at] === '*') {
      star = at;
      resumeAt = from;
      at += 1;
    } else if (at < glob.length && (glob[at] === '?' || glob[at] === text[from])) {
      at += 1;
      from += 1;
    } else if (star >= 0) {
      resumeAt += 1;
      at = star + 1;
      from = resumeAt;
    } else {
      return false;
    }
  }
  while (glob[at] === '*') at += 1;
  return at === glob.length;
}
