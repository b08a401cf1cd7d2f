import type { CollectionPlan, PlannedContainer, PlannedFile } from '@plimsoll/collector';
import { formatQuantity } from '@plimsoll/runtime';
import { textTable } from '../text-table.ts';

export type WholePlan = CollectionPlan & { transport: string };

/** The plan for people: what, from where, how much. */
export function renderPlan(plan: WholePlan): string {
  return [
    `Host ${plan.host}, tenant ${plan.tenant}. Nothing was read, written or sent.\n`,
    section('Containers', discoveryText(plan), [
      containerHead,
      ...plan.containers.map(containerRow),
    ]),
    section(
      'Log files',
      plan.files.length === 0 ? 'none; collector.logs.files names none that are here' : '',
      [fileHead, ...plan.files.map(fileRow)],
    ),
    problems(plan),
    `\nElse\n${indent(textTable(otherRows(plan)))}`,
  ].join('');
}

const containerHead = ['name', 'image', 'state', 'statistics', 'unread', 'on disk', 'log', 'lines'];

function containerRow(container: PlannedContainer): string[] {
  const { name, image, state, hasStatistics, bytes, unreadBytes, logSource, path, lines } =
    container;
  const log = path === '' ? (logSource === 'docker-api' ? 'Docker API' : '-') : path;
  const statistics = hasStatistics ? 'yes' : 'no';
  return [name, image, state, statistics, size(unreadBytes), size(bytes), log, lines];
}

const fileHead = ['unread', 'on disk', 'path', 'lines'];

function fileRow({ unreadBytes, bytes, path, lines }: PlannedFile): string[] {
  return [size(unreadBytes), size(bytes), path, lines];
}

function discoveryText({ discovery, containers }: CollectionPlan): string {
  const { state, version, reason } = discovery;
  if (state !== 'connected') return `none: ${reason}`;
  return `${containers.length}, by ${version === '' ? 'the folders of this host' : `Docker ${version}`}`;
}

/** @param rows the head first */
function section(title: string, note: string, rows: string[][]): string {
  const table = rows.length === 1 ? '' : indent(textTable(rows));
  return `\n${note === '' ? title : `${title} (${note})`}\n${table}`;
}

function problems({ containers, files }: CollectionPlan): string {
  const lines = [
    ...containers.map(({ name, problems: found }) => ({ name, found })),
    ...files.map(({ path, problems: found }) => ({ name: path, found })),
  ].flatMap(({ name, found }) => found.map((problem) => `${name}: ${problem}\n`));
  return lines.length === 0 ? '' : `\nProblems\n${indent(lines.join(''))}`;
}

function otherRows(plan: WholePlan): string[][] {
  const { statistics, checkpoint } = plan;
  const { cgroupMode, intervalMs, slowIntervalMs, cpuBudgetCores } = statistics;
  const every = (ms: number): string => formatQuantity(ms, 'duration');
  const statisticsText = statistics.isEnabled
    ? `control groups ${cgroupMode}; every ${every(intervalMs)}, slow ones every ${every(slowIntervalMs)}, at most ${cpuBudgetCores} of a core`
    : 'switched off (collector.stats.enabled: false)';
  const checkpointText =
    checkpoint.problem === null
      ? `${checkpoint.files} positions in ${checkpoint.path}`
      : `${checkpoint.path} cannot be used: ${checkpoint.problem}`;
  return [
    ['statistics', statisticsText],
    ['kernel log', plan.kernelLog],
    ['GPU', plan.gpu ?? 'not looked at: there is no nvidia-smi'],
    ['positions', checkpointText],
    ['sent to', plan.transport],
  ];
}

function size(bytes: number | null): string {
  return bytes === null ? '-' : readable(bytes);
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** Three digits: `1.25 MiB`. */
function readable(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${units[unit] ?? ''}`;
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ');
}
