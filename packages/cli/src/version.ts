import { readFileSync } from 'node:fs';

/** The version that a package.json states. */
export function readVersion(manifest: URL): string {
  const json: unknown = JSON.parse(readFileSync(manifest, 'utf8'));
  const hasVersion = typeof json === 'object' && json !== null && 'version' in json;
  return hasVersion ? String(json.version) : 'unknown';
}
