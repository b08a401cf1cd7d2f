/** A file by name: byte ranges are kept for it. */
export interface FileKey {
  tenant: string;
  fileId: string;
}

/** One string per file: a tenant has no line break in its name. */
export function keyOf({ tenant, fileId }: FileKey): string {
  return `${tenant}\n${fileId}`;
}

/**
 * Rows frames are ranges too: of one collector's life, frame `n` is `[n, n + 1)` of a file of this
 * name. A collector counts them without a gap, so that a whole life is one range.
 */
export function rowsFileId(collectorId: string, epoch: number): string {
  return `rows/${collectorId}/${epoch}`;
}
