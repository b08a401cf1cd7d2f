export { type TargetLabels, targetLabelNames, hostLabels } from './labels.ts';
export {
  containerStatsValues,
  type ContainerStatsValue,
  type ContainerStatsValues,
  type ValueKind,
} from './container-stats.ts';
export { hostStatsValues, type HostStatsValue, type HostStatsValues } from './host-stats.ts';
export {
  rowTables,
  type RowTable,
  type ContainerStatsRow,
  type HostStatsRow,
  type FilesystemStatsRow,
  type GpuStatsRow,
  type CollectorStatsRow,
  eventKinds,
  type EventKind,
  type EventSeverity,
  type EventRow,
  type TargetRow,
  type SampleRow,
  type SeriesRow,
} from './rows.ts';
export { severities, type Severity } from './severity.ts';
export { limits } from './limits.ts';
export {
  type LogFormat,
  type FrameOrigin,
  type LogSource,
  type LogChunk,
  type LogsHeader,
  type RowsHeader,
  chunkBytes,
  isOfRecords,
} from './frame-header.ts';
export {
  type Frame,
  type OpenedFrame,
  FrameError,
  encodeFrame,
  openFrame,
  decodeFrame,
  inflateMember,
  frameRawBytes,
  frameRows,
} from './frame.ts';
export { type Member } from './members.ts';
export {
  type LogRecord,
  cutRecords,
  decodeRecords,
  encodeRecord,
  recordEscapes,
} from './records.ts';
export {
  type PushedRecord,
  byteTextOf,
  cutPushedRecords,
  decodePushedRecords,
  encodePushedRecord,
} from './pushed-records.ts';
export { compress, contentBytes, storedFrame } from './zstd.ts';
