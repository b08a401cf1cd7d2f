/** Something of a container that outlives it. */
export interface Leftover {
  type: LeftoverType;
  /** Tells it from all others of its type, also from a later one of the same name. */
  key: string;
  /** As an administrator would look for it. */
  name: string;
  /** Empty when it is not known whose it is. */
  containerId: string;
  attributes: Readonly<Record<string, string>>;
}

export const leftoverTypes = ['veth', 'network_namespace', 'mount', 'volume', 'container'] as const;
export type LeftoverType = (typeof leftoverTypes)[number];
