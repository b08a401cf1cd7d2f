/** What a user may do; each level may what the one before may. */
export type Access = 'read' | 'ingest' | 'admin';

const levels: readonly Access[] = ['read', 'ingest', 'admin'];

export function hasAccess(access: Access, needed: Access): boolean {
  return levels.indexOf(access) >= levels.indexOf(needed);
}
