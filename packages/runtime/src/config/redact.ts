import { formatQuantity } from './quantity.ts';
import { stringify as stringifyYaml } from 'yaml';
import { fieldAt } from './schema-walk.ts';
import type { Path } from './schema-walk.ts';
import type { Config } from './schema.ts';

const redactedText = '(secret)';

/**
 * The configuration as it may be shown, and as it could stand in the file: every field that the schema marks as secret is replaced,
 * of URLs only scheme, host and port are left, durations and sizes have their units.
 */
function printableConfig(config: Config): Record<string, unknown> {
  const { mode, url, urls, shards, username, password, tls, cluster, ...local } = config.storage;
  const address = shards ? { shards } : urls ? { urls } : { url };
  const ofServer = mode === 'server' ? { ...address, username, password, tls, cluster } : {};
  const redacted = redactValue({ ...config, storage: { mode, ...ofServer, ...local } }, []);
  return typeof redacted === 'object' && redacted !== null ? { ...redacted } : {};
}

/** The same as YAML. */
export function renderConfig(config: Config): string {
  return stringifyYaml(printableConfig(config), { lineWidth: 0 });
}

function redactValue(value: unknown, path: Path): unknown {
  const field = fieldAt(path);
  if (value !== undefined && field?.isSecret === true) return redactedText;
  if (typeof value === 'number' && field !== null && field.quantity !== null) {
    return formatQuantity(value, field.quantity);
  }
  if (Array.isArray(value)) return value.map((item, index) => redactValue(item, [...path, index]));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, child]) => child !== undefined)
        .map(([key, child]) => [key, redactValue(child, [...path, key])]),
    );
  }
  return typeof value === 'string' && isUrl(path) ? redactUrl(value) : value;
}

function isUrl(path: Path): boolean {
  const name = path.findLast((segment) => typeof segment === 'string');
  return name === 'url' || name === 'urls' || name === 'shards';
}

/** Only scheme, host and port: webhooks of chat services carry their secret in path or query. */
export function redactUrl(text: string): string {
  if (!URL.canParse(text)) return redactedText;
  const url = new URL(text);
  const credentials = url.username !== '' || url.password !== '' ? `${redactedText}@` : '';
  const rest = url.pathname === '/' && url.search === '' ? '/' : `/${redactedText}`;
  return `${url.protocol}//${credentials}${url.host}${rest}`;
}
