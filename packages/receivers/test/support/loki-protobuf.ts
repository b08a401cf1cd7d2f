import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

export interface LokiStream {
  labels: string;
  entries: { timeNs: bigint; line: string; metadata?: Record<string, string> }[];
}

/** logproto.PushRequest, as Promtail and Alloy write it. */
export function lokiProtobuf(streams: readonly LokiStream[]): Buffer {
  const request = new BinaryWriter();
  for (const { labels, entries } of streams) {
    const stream = new BinaryWriter().tag(1, WireType.LengthDelimited).string(labels);
    for (const { timeNs, line, metadata = {} } of entries) {
      const time = new BinaryWriter()
        .tag(1, WireType.Varint)
        .int64(String(timeNs / 1_000_000_000n))
        .tag(2, WireType.Varint)
        .int32(Number(timeNs % 1_000_000_000n));
      const entry = new BinaryWriter()
        .tag(1, WireType.LengthDelimited)
        .bytes(time.finish())
        .tag(2, WireType.LengthDelimited)
        .string(line);
      for (const [name, value] of Object.entries(metadata)) {
        const pair = new BinaryWriter()
          .tag(1, WireType.LengthDelimited)
          .string(name)
          .tag(2, WireType.LengthDelimited)
          .string(value);
        entry.tag(3, WireType.LengthDelimited).bytes(pair.finish());
      }
      stream.tag(2, WireType.LengthDelimited).bytes(entry.finish());
    }
    request.tag(1, WireType.LengthDelimited).bytes(stream.finish());
  }
  return Buffer.from(request.finish());
}
