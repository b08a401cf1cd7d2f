/** A service of a compose file as flags of `docker run`: what is documented is what is tested. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export interface ComposeService {
  pid?: string;
  user?: string;
  tmpfs?: string[];
  network_mode?: string;
  cgroup?: string;
  read_only?: boolean;
  cap_drop?: string[];
  cap_add?: string[];
  security_opt?: string[];
  devices?: string[];
  volumes?: ComposeMount[];
  environment?: Record<string, string>;
  mem_limit?: string;
}

export interface ComposeMount {
  type: 'bind' | 'volume';
  source: string;
  target: string;
  read_only?: boolean;
  bind?: { propagation?: string };
}

export function readService(file: string, name: string): ComposeService {
  const compose = parse(readFileSync(file, 'utf8')) as { services: Record<string, ComposeService> };
  const service = compose.services[name];
  if (service === undefined) throw new Error(`${file}: expected a service ${name}, got none`);
  const environment = Object.entries(service.environment ?? {}).map(([key, value]) => [
    key,
    // `${NAME:-default}`, as compose reads it where NAME is not set.
    value.replace(/^\$\{\w+:-(.*)\}$/, '$1'),
  ]);
  return { ...service, environment: Object.fromEntries(environment) as Record<string, string> };
}

/** @param environment over that of the file */
export function runFlags(
  service: ComposeService,
  environment: Readonly<Record<string, string>>,
): string[] {
  const each = (flag: string, values: readonly string[] = []): string[] =>
    values.flatMap((value) => [flag, value]);
  const one = (flag: string, value: string | undefined): string[] =>
    value === undefined ? [] : [`${flag}=${value}`];
  const all = { ...service.environment, ...environment };
  return [
    ...one('--pid', service.pid),
    ...one('--user', service.user),
    ...each('--tmpfs', service.tmpfs),
    ...one('--network', service.network_mode),
    ...one('--cgroupns', service.cgroup),
    ...(service.read_only === true ? ['--read-only'] : []),
    ...each('--cap-drop', service.cap_drop),
    ...each('--cap-add', service.cap_add),
    ...each(
      '--security-opt',
      service.security_opt?.map((option) => option.replace(':', '=')),
    ),
    ...each('--device', service.devices),
    ...each('--mount', service.volumes?.map(mountFlag)),
    ...one('--memory', service.mem_limit),
    ...Object.entries(all).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
  ];
}

function mountFlag({ type, source, target, read_only: isReadOnly, bind }: ComposeMount): string {
  const parts = [`type=${type}`, `source=${source}`, `target=${target}`];
  if (isReadOnly === true) parts.push('readonly');
  const propagation = bind?.propagation;
  // Where no init has made the root shared, as systemd does, there is nothing to propagate.
  if (propagation !== undefined && isShared(source)) parts.push(`bind-propagation=${propagation}`);
  return parts.join(',');
}

/** Field 7 of mountinfo: `shared:<group>` (proc_pid_mountinfo(5)). */
function isShared(mountpoint: string): boolean {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[4] === mountpoint && / shared:\d+ /.test(line));
}
