/**
 * Letters on their way again. With Kafka this process publishes them; without, the process that has
 * the journal does, and this one asks it to (`DeadLetterReplays` in transport).
 */
import { DataDirLock } from '@plimsoll/agent';
import { interruptSignal, type Terminal } from '@plimsoll/cli';
import {
  codeOf,
  messageOf,
  Metrics,
  PlimsollError,
  silentLogger,
  sleep,
  type Config,
} from '@plimsoll/runtime';
import {
  KafkaPublisher,
  publishLetter,
  replayProblem,
  type DeadLetterStore,
  type FolderDeadLetters,
  type LetterSummary,
} from '@plimsoll/transport';
import { dataLayout } from '../compose/data-layout.ts';
import { folderLetters, kafkaLetters, type LetterOptions } from './open-letters.ts';
import { holds } from './render-letters.ts';
import { selectLetters } from './select-letters.ts';

/** Longest that a letter may take to be published. */
const publishMs = 60_000;
/** Longest that the running process may take to look into its folder. */
const takenMs = 15_000;

interface Outcome {
  id: string;
  outcome: 'replayed' | 'asked for' | 'would be replayed' | 'not replayed';
  detail: string;
}

export async function replayLetters(
  ids: readonly string[],
  ...[config, terminal, options]: [Config, Terminal, LetterOptions]
): Promise<number> {
  const interrupt = interruptSignal();
  const isKafka = config.transport.mode === 'kafka';
  const store = isKafka ? kafkaLetters(config) : folderLetters(config);
  try {
    const letters = await chosen(store, ids, options);
    const outcomes = options.isDryRun
      ? letters.map(dry)
      : isKafka
        ? await throughKafka(letters, { config, store, signal: interrupt.signal })
        : await throughProcess(letters, { config, signal: interrupt.signal });
    print(outcomes, terminal, options.isJson);
    return outcomes.some(({ outcome }) => outcome === 'not replayed') ? 1 : 0;
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    terminal.stderr.write('plimsoll: cancelled; run it again for the rest\n');
    return 130;
  } finally {
    interrupt.dispose();
    await store.close();
  }
}

async function chosen(
  store: DeadLetterStore,
  ids: readonly string[],
  { filter }: LetterOptions,
): Promise<LetterSummary[]> {
  const letters = await store.list();
  if (ids.length === 0) {
    return selectLetters(letters, filter).filter(({ state }) => state !== 'replayed');
  }
  const byId = new Map(letters.map((letter) => [letter.id, letter]));
  return ids.map((id) => {
    const letter = byId.get(id);
    if (letter) return letter;
    const hint = 'Run "plimsoll dead-letter list".';
    throw new PlimsollError(
      'usage_invalid',
      `expected the id of a letter in ${store.place}, got "${id}"`,
      { hint },
    );
  });
}

function dry(letter: LetterSummary): Outcome {
  const problem = replayProblem(letter);
  return problem === null
    ? { id: letter.id, outcome: 'would be replayed', detail: holds(letter) }
    : { id: letter.id, outcome: 'not replayed', detail: problem };
}

async function throughKafka(
  letters: readonly LetterSummary[],
  { config, store, signal }: { config: Config; store: DeadLetterStore; signal: AbortSignal },
): Promise<Outcome[]> {
  const publisher = new KafkaPublisher({
    config: config.transport.kafka,
    logger: silentLogger(),
    metrics: new Metrics(),
  });
  publisher.start();
  const outcomes: Outcome[] = [];
  try {
    for (const { id } of letters) {
      const letter = await store.get(id, signal);
      if (letter === null) continue;
      const either = AbortSignal.any([signal, AbortSignal.timeout(publishMs)]);
      try {
        const frames = await publishLetter(letter, publisher, either);
        await store.markReplayed(id, signal);
        outcomes.push({ id, outcome: 'replayed', detail: `${frames} frames` });
      } catch (error) {
        signal.throwIfAborted();
        const detail = publisher.health().reason ?? messageOf(error);
        outcomes.push({ id, outcome: 'not replayed', detail });
      }
    }
  } finally {
    await publisher.stop();
  }
  return outcomes;
}

async function throughProcess(
  letters: readonly LetterSummary[],
  { config, signal }: { config: Config; signal: AbortSignal },
): Promise<Outcome[]> {
  const store = folderLetters(config);
  const asked = new Set<string>();
  const outcomes: Outcome[] = [];
  for (const letter of letters) {
    const problem = replayProblem(letter);
    const { id } = letter;
    if (problem === null && (await store.requestReplay(id))) asked.add(id);
    else {
      const detail = problem ?? 'it was replayed before';
      outcomes.push({ id, outcome: 'not replayed', detail });
    }
  }
  const isRunning = hasProcess(config);
  const left = isRunning ? await untilTaken(store, asked, signal) : asked;
  const later = isRunning
    ? 'the process that runs on the data folder has not taken it yet: see its log'
    : 'no process runs on the data folder: it is replayed at the next start';
  for (const id of asked) {
    outcomes.push(
      left.has(id)
        ? { id, outcome: 'asked for', detail: later }
        : { id, outcome: 'replayed', detail: 'by the process that runs on the data folder' },
    );
  }
  return outcomes;
}

/** @returns those that were not */
async function untilTaken(
  store: FolderDeadLetters,
  asked: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Set<string>> {
  const deadline = performance.now() + takenMs;
  for (;;) {
    const waiting = new Set((await store.requested()).filter((id) => asked.has(id)));
    if (waiting.size === 0 || performance.now() > deadline) return waiting;
    await sleep(200, signal);
  }
}

function hasProcess(config: Config): boolean {
  const lock = new DataDirLock(dataLayout(config.data_dir).lock);
  try {
    lock.acquire();
    lock.release();
    return false;
  } catch (error) {
    return codeOf(error) === 'data_dir_locked';
  }
}

function print(outcomes: readonly Outcome[], terminal: Terminal, isJson: boolean): void {
  if (isJson) {
    terminal.stdout.write(`${JSON.stringify(outcomes, null, 2)}\n`);
    return;
  }
  if (outcomes.length === 0) terminal.stdout.write('No letters to replay.\n');
  for (const { id, outcome, detail } of outcomes) {
    terminal.stdout.write(`${id}: ${outcome} (${detail})\n`);
  }
}
