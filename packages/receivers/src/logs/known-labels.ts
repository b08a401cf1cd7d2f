/**
 * Which names that senders use mean a column of `logs`; docs/specs/receivers.md has the table. What has
 * no column stays a label, under its own name.
 */
import { severities, type Severity, type TargetLabels } from '@plimsoll/model';

type Column = Exclude<keyof TargetLabels, 'tenant'>;

/** Names by column, the strongest first. */
const namesByColumn: Readonly<Record<Column, readonly string[]>> = {
  host: [
    'host',
    'hostname',
    'host_name',
    'host.name',
    'node',
    'node_name',
    'nodename',
    'k8s.node.name',
    'k8s_node_name',
    'instance',
  ],
  container_id: ['container_id', 'container.id'],
  container_name: ['container', 'container_name', 'container.name'],
  image: ['image', 'container_image', 'image_name', 'container.image.name', 'container_image_name'],
  compose_project: [
    'compose_project',
    'com.docker.compose.project',
    'com_docker_compose_project',
    'docker_compose_project',
    'container_label_com_docker_compose_project',
  ],
  compose_service: [
    'compose_service',
    'com.docker.compose.service',
    'com_docker_compose_service',
    'docker_compose_service',
    'container_label_com_docker_compose_service',
  ],
  kubernetes_namespace: [
    'namespace',
    'kubernetes_namespace',
    'kubernetes_namespace_name',
    'k8s.namespace.name',
    'k8s_namespace_name',
    'pod_namespace',
  ],
  kubernetes_pod: [
    'pod',
    'pod_name',
    'kubernetes_pod',
    'kubernetes_pod_name',
    'k8s.pod.name',
    'k8s_pod_name',
  ],
  kubernetes_container: [
    'kubernetes_container',
    'kubernetes_container_name',
    'k8s.container.name',
    'k8s_container_name',
  ],
};

const streamNames = ['stream', 'log.iostream', 'log_iostream'];
const severityNames = [
  'level',
  'detected_level',
  'severity',
  'severity_text',
  'log.level',
  'log_level',
  'loglevel',
  'lvl',
];
/** Where nothing names the container: who writes, or the file that it is in. They stay labels too. */
const namesakes = ['service.name', 'service_name', 'filename', 'log.file.path', 'log_file_path'];

interface Meaning {
  target: Column | 'stream' | 'severity';
  rank: number;
}

const meanings = new Map<string, Meaning>();
for (const [column, names] of Object.entries(namesByColumn)) {
  for (const [rank, name] of names.entries()) {
    meanings.set(name, { target: column as Column, rank });
  }
}
for (const [rank, name] of streamNames.entries()) meanings.set(name, { target: 'stream', rank });
for (const [rank, name] of severityNames.entries()) {
  meanings.set(name, { target: 'severity', rank });
}

export interface MappedLabels {
  columns: Record<Column, string>;
  /** stdout, stderr or empty. */
  stream: string;
  severity: Severity;
  /** What is left, sorted by name, each name once. */
  rest: [name: string, value: string][];
}

const imageTag = 'container.image.tag';

/** Of a name that is there twice the last counts; what is empty is not there. */
export function mapLabels(pairs: Iterable<readonly [name: string, value: string]>): MappedLabels {
  const labels = new Map<string, string>();
  for (const [name, value] of pairs) {
    if (value === '') labels.delete(name);
    else labels.set(name, value);
  }
  const found = new Map<Meaning['target'], { name: string; rank: number }>();
  for (const name of labels.keys()) {
    const meaning = meanings.get(name);
    if (meaning === undefined || !canBe(meaning.target, labels.get(name) ?? '')) continue;
    const known = found.get(meaning.target);
    if (known === undefined || meaning.rank < known.rank) {
      found.set(meaning.target, { name, rank: meaning.rank });
    }
  }
  const take = (target: Meaning['target']): string => {
    const name = found.get(target)?.name;
    return name === undefined ? '' : (labels.get(name) ?? '');
  };
  const columns = columnsOf(labels, take);
  const severity = severityOfText(take('severity'));
  const rest = [...labels].filter(([name, value]) => !isTold(found, name, { value, severity }));
  rest.sort(([a], [b]) => (a < b ? -1 : 1));
  return { columns, stream: take('stream'), severity, rest };
}

function columnsOf(
  labels: ReadonlyMap<string, string>,
  take: (target: Column) => string,
): Record<Column, string> {
  const columns: Record<Column, string> = {
    host: take('host'),
    container_id: take('container_id'),
    container_name: take('container_name'),
    image: take('image'),
    compose_project: take('compose_project'),
    compose_service: take('compose_service'),
    kubernetes_namespace: take('kubernetes_namespace'),
    kubernetes_pod: take('kubernetes_pod'),
    kubernetes_container: take('kubernetes_container'),
  };
  const tag = labels.get(imageTag);
  if (tag !== undefined && columns.image !== '' && !/:[^/]*$/.test(columns.image)) {
    columns.image = `${columns.image}:${tag}`;
  }
  if (columns.container_name === '') {
    const namesake = namesakes.find((name) => canBe('container_name', labels.get(name) ?? ''));
    columns.container_name =
      columns.kubernetes_container || (namesake === undefined ? '' : (labels.get(namesake) ?? ''));
  } else if (columns.kubernetes_pod !== '' && columns.kubernetes_container === '') {
    columns.kubernetes_container = columns.container_name;
  }
  return columns;
}

/** A column says it already: the label is not repeated, unless it said more. */
function isTold(
  found: ReadonlyMap<Meaning['target'], { name: string }>,
  name: string,
  { value, severity }: { value: string; severity: Severity },
): boolean {
  const target = meanings.get(name)?.target;
  if (target === undefined || found.get(target)?.name !== name) return false;
  return target !== 'severity' || value.toLowerCase() === severity;
}

/** Longer ones stay labels: a column's value stands in the frame's header, and in each part's dictionary. */
const maxColumnLength = 1024;

function canBe(target: Meaning['target'], value: string): boolean {
  if (value.length > maxColumnLength) return false;
  if (value === '') return false;
  if (target === 'stream') return value === 'stdout' || value === 'stderr';
  return target !== 'severity' || severityOfText(value) !== '';
}

const severityWords: Readonly<Record<string, Severity>> = {
  ...Object.fromEntries(severities.map((severity) => [severity, severity])),
  trc: 'trace',
  verbose: 'trace',
  finest: 'trace',
  dbg: 'debug',
  dbug: 'debug',
  inf: 'info',
  information: 'info',
  informational: 'info',
  notice: 'info',
  wrn: 'warn',
  warning: 'warn',
  err: 'error',
  severe: 'error',
  ftl: 'fatal',
  crit: 'fatal',
  critical: 'fatal',
  panic: 'fatal',
  alert: 'fatal',
  emerg: 'fatal',
  emergency: 'fatal',
};

/** Empty for a word that is none: it is then looked for in the text. */
export function severityOfText(word: string): Severity {
  const known = word.toLowerCase();
  return Object.hasOwn(severityWords, known) ? (severityWords[known] ?? '') : '';
}

/** OpenTelemetry's SeverityNumber: four of each, from TRACE = 1 to FATAL4 = 24. */
export function severityOfNumber(number: number): Severity {
  return severities[Math.ceil(number / 4)] ?? '';
}
