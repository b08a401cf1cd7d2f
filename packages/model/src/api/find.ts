import type { LoadState } from './shapes.ts';

export interface FindResult {
  kind: 'container' | 'service' | 'image' | 'host';
  /** Container id; for the others the name itself. */
  id: string;
  name: string;
  /** `shop/checkout:2.41.0 on node-1` */
  detail: string;
  /** Of a container; null for anything else. */
  state: LoadState | null;
}

/** `GET /api/plimsoll/v1/find?q`: best first, at most ten of each kind. */
export interface FindResults {
  items: FindResult[];
}
