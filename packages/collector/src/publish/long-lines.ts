/** Docker gives a line that is longer than this in parts, each but the last of this size. */
export const dockerPartBytes = 16 * 1024;

/**
 * True when a line may be `size` bytes long or longer; surely true when one is. Looks for a line end
 * only every half `size`: a line that long covers one such half as a whole.
 */
export function hasLineOf(bytes: Buffer, size: number): boolean {
  const step = size / 2;
  for (let from = 0; from + step <= bytes.length; from += step) {
    const end = bytes.indexOf(10, from);
    if (end < 0 || end - from >= step) return true;
  }
  return false;
}
