export { Ingest, type IngestOptions } from './ingest.ts';
export { reconcile, type Intent, type Recorded, type Step } from './reconcile.ts';
