/** `POST /api/plimsoll/v1/sql` */
export interface SqlRequest {
  query: string;
  /** Rows at most; the server's own limit holds all the same. */
  max_rows?: number;
}

export interface SqlColumn {
  name: string;
  type: string;
}

export interface SqlResult {
  columns: SqlColumn[];
  /** 64-bit integers are decimal strings. */
  rows: unknown[][];
  /** True when a limit cut the result; `limit` says which. */
  truncated: boolean;
  limit: 'rows' | 'bytes' | null;
  elapsed_ms: number;
  read_rows: number;
  read_bytes: number;
}

/** `GET /api/plimsoll/v1/sql/schema` */
export interface SqlSchema {
  tables: {
    name: string;
    comment: string;
    rows: number;
    bytes: number;
    columns: (SqlColumn & { comment: string })[];
  }[];
  functions: string[];
}
