/** Who pushes, and for which tenant. */
import { createHmac, randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isLoopback, type Config } from '@plimsoll/runtime';
import { ReceiverError } from '../receiver-error.ts';
import { RateLimit } from './rate-limit.ts';

type ReceiversConfig = Config['receivers'];
type Token = ReceiversConfig['tokens'][number];

export interface Grant {
  tenant: string;
  /** Name of the token; empty without one. */
  token: string;
  limits: readonly RateLimit[];
}

export interface AccessOptions {
  config: ReceiversConfig;
  /** Of this process: of pushes without a token, and of tokens that name none. */
  tenant: string;
  nowMs: () => number;
}

interface Known {
  token: Token;
  limit: RateLimit;
}

export class Access {
  readonly #options: AccessOptions;
  /**
   * Tokens by a keyed digest. Who guesses does not know the key, so what a lookup's time tells of a
   * digest tells nothing of a token.
   */
  readonly #key = randomBytes(32);
  readonly #tokens = new Map<string, Known>();
  readonly #tenants = new Map<string, RateLimit>();

  constructor(options: AccessOptions) {
    this.#options = options;
    const { config, nowMs } = options;
    for (const token of config.tokens) {
      const limit = new RateLimit(`token ${token.name}`, token, nowMs());
      this.#tokens.set(this.#digest(token.token), { token, limit });
    }
  }

  /** @throws {ReceiverError} `unauthorized`, `forbidden_tenant`, `forbidden_origin` */
  grant(headers: IncomingHttpHeaders): Grant {
    this.#checkBrowser(headers);
    const wanted = headerOf(headers, 'x-scope-orgid');
    if (this.#tokens.size === 0) {
      const { tenant } = this.#options;
      checkTenant(wanted, [tenant], 'without tokens (receivers.tokens)');
      return { tenant, token: '', limits: [this.#limitOf(tenant)] };
    }
    const known = this.#find(headers.authorization);
    const own = known.token.tenant ?? this.#options.tenant;
    const allowed = [own, ...known.token.tenants];
    checkTenant(wanted, allowed, `with the token ${known.token.name}`);
    const tenant = wanted ?? own;
    return { tenant, token: known.token.name, limits: [known.limit, this.#limitOf(tenant)] };
  }

  #find(authorization: string | undefined): Known {
    const given = tokenOf(authorization);
    if (given === null) {
      const message =
        'expected the header Authorization: Bearer <token>, or Basic with the token as password';
      throw new ReceiverError('unauthorized', message);
    }
    const known = this.#tokens.get(this.#digest(given));
    if (known !== undefined) return known;
    throw new ReceiverError('unauthorized', 'the token is none of receivers.tokens');
  }

  /** As many as the configuration names: a header alone makes none. */
  #limitOf(tenant: string): RateLimit {
    const known = this.#tenants.get(tenant);
    if (known !== undefined) return known;
    const { config, nowMs } = this.#options;
    const limit = new RateLimit(`tenant ${tenant}`, config.limits.tenant, nowMs());
    this.#tenants.set(tenant, limit);
    return limit;
  }

  #digest(token: string): string {
    return createHmac('sha256', this.#key).update(token).digest('base64');
  }

  /**
   * Scripts of other sites cannot read answers, but what they send would be stored. And a page may
   * point its own name at 127.0.0.1 (DNS rebinding): where no token is asked for, a loopback listener
   * answers loopback names alone.
   */
  #checkBrowser(headers: IncomingHttpHeaders): void {
    if (headers['sec-fetch-site'] === 'cross-site') {
      throw new ReceiverError('forbidden_origin', 'requests by scripts of other sites are refused');
    }
    if (this.#tokens.size > 0 || !isLoopback(this.#options.config.host)) return;
    const name = hostName(headers.host ?? '');
    if (name !== null && isLoopback(name)) return;
    const came = JSON.stringify((headers.host ?? '').slice(0, 100));
    throw new ReceiverError(
      'forbidden_origin',
      `Host: expected a loopback name such as localhost, got ${came}; to serve other names set receivers.tokens`,
    );
  }
}

function checkTenant(wanted: string | undefined, allowed: readonly string[], who: string): void {
  if (wanted === undefined || allowed.includes(wanted)) return;
  throw new ReceiverError(
    'forbidden_tenant',
    `X-Scope-OrgID: expected ${allowed.join(' or ')} ${who}, got ${JSON.stringify(wanted.slice(0, 64))}; ` +
      'leave the header out or allow that tenant',
  );
}

/** `Bearer <token>`, or `Basic base64(<anything>:<token>)`. */
function tokenOf(authorization: string | undefined): string | null {
  const [, scheme = '', credentials = ''] = /^(\w+) +(\S+) *$/.exec(authorization ?? '') ?? [];
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return credentials;
    case 'basic': {
      const pair = Buffer.from(credentials, 'base64').toString('utf8');
      const colon = pair.indexOf(':');
      return colon < 0 ? null : pair.slice(colon + 1);
    }
    default:
      return null;
  }
}

/** Node joins repeated ones with a comma, which no tenant's name has. */
function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  const text = Array.isArray(value) ? value.join(', ') : value;
  return text === undefined || text === '' ? undefined : text;
}

/** `[::1]:4272` → `::1`; null when it is no host header. */
function hostName(header: string): string | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/@\s]+))(?::\d{1,5})?$/i.exec(header);
  return (match?.[1] ?? match?.[2])?.toLowerCase() ?? null;
}
