import type { IncomingHttpHeaders } from 'node:http';
import { ClickHouseException } from '../exception.ts';

export interface Credentials {
  name: string;
  password: string;
}

/**
 * From basic authentication, the headers `X-ClickHouse-User` and `X-ClickHouse-Key`, or the URL's
 * `user` and `password`; without any, the user `default`.
 *
 * @throws {ClickHouseException} AUTHENTICATION_FAILED when two ways are used at once
 */
export function readCredentials(headers: IncomingHttpHeaders, url: URLSearchParams): Credentials {
  const ways = [fromBasic(headers), fromHeaders(headers), fromUrl(url)].filter(
    (way) => way !== null,
  );
  if (ways.length > 1) {
    throw new ClickHouseException(
      'AUTHENTICATION_FAILED',
      'Invalid authentication: expected one of the Authorization header, the X-ClickHouse headers and the URL, got several',
    );
  }
  return ways[0] ?? { name: 'default', password: '' };
}

function fromBasic({ authorization }: IncomingHttpHeaders): Credentials | null {
  if (authorization === undefined) return null;
  const match = /^basic +([A-Za-z0-9+/=_-]*)$/i.exec(authorization.trim());
  if (!match) {
    throw new ClickHouseException(
      'AUTHENTICATION_FAILED',
      "Invalid authentication: expected the HTTP scheme 'Basic'",
    );
  }
  const [, name = '', password = ''] =
    /^([^:]*):?([\s\S]*)$/.exec(Buffer.from(match[1] ?? '', 'base64').toString('utf8')) ?? [];
  return { name: name === '' ? 'default' : name, password };
}

function fromHeaders(headers: IncomingHttpHeaders): Credentials | null {
  const name = headers['x-clickhouse-user'];
  const password = headers['x-clickhouse-key'];
  if (name === undefined && password === undefined) return null;
  return { name: textOf(name) || 'default', password: textOf(password) };
}

function fromUrl(url: URLSearchParams): Credentials | null {
  if (!url.has('user') && !url.has('password')) return null;
  return { name: url.get('user') || 'default', password: url.get('password') ?? '' };
}

function textOf(value: string | string[] | undefined): string {
  return Array.isArray(value) ? (value[0] ?? '') : (value ?? '');
}
