/**
 * Records of the kernel log, as `/dev/kmsg` gives them
 * (Documentation/ABI/testing/dev-kmsg):
 *
 * ```
 * record = priority "," sequence "," microseconds since boot "," flags *("," more) ";" text NL
 *          *(" " key "=" value NL)
 * ```
 *
 * Bytes that cannot be printed stand as `\x0a`. The priority is 8 × facility + level.
 */

export interface KmsgRecord {
  /** 0 emergency … 7 debug. */
  level: number;
  facility: number;
  /** Grows by one per record since the boot. */
  sequence: number;
  /** Of the kernel's monotonic clock. */
  microseconds: number;
  text: string;
  /** What the continuation lines say, such as SUBSYSTEM and DEVICE. */
  fields: Readonly<Record<string, string>>;
}

const prefix = /^(\d{1,5}),(\d{1,16}),(\d{1,16}),[^;\n]{0,256};/;

/** The record, or undefined for anything of another shape. Never throws. */
export function parseKmsgRecord(text: string): KmsgRecord | undefined {
  const match = prefix.exec(text);
  if (!match) return undefined;
  const [head, priority, sequence, microseconds] = match;
  const [message = '', ...rest] = text.slice(head.length).split('\n');
  return {
    level: Number(priority) & 7,
    facility: Number(priority) >> 3,
    sequence: Number(sequence),
    microseconds: Number(microseconds),
    text: unescape(message),
    fields: parseFields(rest),
  };
}

function parseFields(lines: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const line of lines) {
    const equals = line.indexOf('=');
    if (!line.startsWith(' ') || equals < 2) continue;
    fields[line.slice(1, equals)] = unescape(line.slice(equals + 1));
  }
  return fields;
}

/** `\xNN` are bytes of UTF-8. */
function unescape(text: string): string {
  if (!text.includes('\\x')) return text;
  return text.replaceAll(/(?:\\x[0-9a-f]{2})+/gi, (run) =>
    Buffer.from(run.replaceAll('\\x', ''), 'hex').toString('utf8'),
  );
}
