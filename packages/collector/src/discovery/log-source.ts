/**
 * Where the log of a Docker container can be had from.
 *
 * `json-file` keeps a file that is read as it is. `local` and `journald` can be read through the
 * API. Since 20.10 the daemon keeps a copy of what goes to any other driver ("dual logging", on
 * unless the option `cache-disabled` is set), so these can be read through the API as well.
 * Source: https://docs.docker.com/engine/logging/dual-logging/
 */
import type { LogSourceKind } from '../target.ts';

export interface LogDriver {
  name: string;
  options: Readonly<Record<string, string>>;
}

export interface LogReach {
  /** Whether the Docker API may be asked for logs. */
  hasApi: boolean;
  /** Version of the daemon; empty when not known, which is taken for a current one. */
  daemonVersion: string;
}

const readableByThemselves = new Set(['local', 'journald']);

export function logSourceOf(driver: LogDriver, reach: LogReach): LogSourceKind {
  if (driver.name === 'json-file' || driver.name === '') return 'docker-file';
  if (driver.name === 'none' || !reach.hasApi) return 'none';
  if (readableByThemselves.has(driver.name)) return 'docker-api';
  const isCopied =
    hasDualLogging(reach.daemonVersion) && !isTruth(driver.options['cache-disabled']);
  return isCopied ? 'docker-api' : 'none';
}

function hasDualLogging(daemonVersion: string): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(daemonVersion) ?? [];
  if (major === undefined || minor === undefined) return true;
  return Number(major) > 20 || (Number(major) === 20 && Number(minor) >= 10);
}

/** As the daemon reads it: Go's `strconv.ParseBool`. */
function isTruth(value: string | undefined): boolean {
  return ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(value ?? '');
}
