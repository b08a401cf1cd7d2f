/**
 * The tenant of a container: the host's, unless the container's label asks for one of those that
 * the configuration lets labels choose. Whoever may start a container may write its labels, so a
 * label by itself never writes into another tenant's data.
 */
import type { Logger } from '@plimsoll/runtime';
import { RecentIds } from './recent-ids.ts';

const tenantLabel = 'plimsoll.tenant';

export interface TenantChooserOptions {
  /** The host's tenant. */
  tenant: string;
  /** `collector.label_tenants`. */
  labelTenants: readonly string[];
  logger: Logger;
}

export class TenantChooser {
  readonly #options: TenantChooserOptions;
  readonly #allowed: ReadonlySet<string>;
  readonly #refused = new RecentIds(10_000);

  constructor(options: TenantChooserOptions) {
    this.#options = options;
    this.#allowed = new Set([options.tenant, ...options.labelTenants]);
  }

  /** Says once per container that its label is not heeded. */
  tenantOf(containerId: string, labels: Readonly<Record<string, string>>): string {
    const { tenant, logger } = this.#options;
    const wanted = labels[tenantLabel] ?? '';
    if (this.#allowed.has(wanted)) return wanted;
    if (wanted !== '' && this.#refused.add(containerId)) {
      logger.warn(
        { container: containerId, tenant: wanted },
        `The label ${tenantLabel} was not heeded: collector.label_tenants does not list its tenant.`,
      );
    }
    return tenant;
  }
}
