export const maxTimeBytes = 40;

/**
 * Whether `block[start, end)` can stand in a record as a time: digits, capitals and `+-.:`, no
 * longer than RFC 3339 with nanoseconds and an offset. What it says is the receiver's to read.
 */
export function isTime(block: Buffer, start: number, end: number): boolean {
  if (end <= start || end - start > maxTimeBytes) return false;
  for (let at = start; at < end; at += 1) {
    const byte = block[at] ?? 0;
    // + , - . / 0–9 : ; < = > ? @ A–Z
    if (byte < 0x2b || byte > 0x5a) return false;
  }
  return true;
}
