/**
 * Evaluates the rules, keeps the alerts, tells the receivers.
 *
 * One round every `interval`: silent hosts, then each rule that is due, one after another; then
 * what changed is stored, and only what has been stored is told. A store that fails is tried again
 * with the next round, in the same order; until then nothing is told. So an alert is told at least
 * once, and twice only after a crash within the moment between the answer and its record.
 */
import { checkRuleOverrides, configuredRules, type Rule } from '@plimsoll/detect';
import {
  PlimsollError,
  systemClock,
  type Clock,
  type Config,
  type Logger,
  type Metrics,
} from '@plimsoll/runtime';
import type { Engine } from '@plimsoll/storage';
import { alertingMetrics, type AlertingMetrics } from './alerting-metrics.ts';
import { evaluate, findSilentHosts, type EvaluateOptions } from './evaluate.ts';
import { AlertBook } from './state/alert-book.ts';
import { isActive, type Alert, type Transition } from './state/alert.ts';
import { AlertStore, type RuleStatus } from './store/alert-store.ts';
import { NotificationStore } from './store/notification-store.ts';
import { notificationOf } from './webhook/payload.ts';
import { WebhookReceiver } from './webhook/receiver.ts';
import type { Fetch } from './webhook/send.ts';

export interface AlertingOptions {
  engine: Engine;
  config: Config['alerting'];
  tenant: string;
  logger: Logger;
  metrics: Metrics;
  clock?: Clock;
  random?: () => number;
  fetch?: Fetch;
}

/** A wall clock that differs by more from the monotonic one has been set. */
const clockStepMs = 10_000;
/** Rounds to hold after a step, until samples with the new time have come in. */
const holdRounds = 2;
/** A rule's status is stored this often, and whenever its error changes. */
const statusRefreshMs = 30_000;
/** Changes kept while the engine takes none; above it only the newest row of an alert is kept. */
const maxUnsavedTransitions = 20_000;

interface RuleState {
  rule: Rule;
  /** Monotonic; null before the first evaluation. */
  evaluatedAt: number | null;
  status: RuleStatus | null;
  statusSavedAt: number;
}

export class Alerting {
  readonly #options: AlertingOptions;
  readonly #clock: Clock;
  readonly #metrics: AlertingMetrics;
  readonly #rules: RuleState[];
  readonly #book = new AlertBook();
  readonly #store: AlertStore;
  readonly #log: NotificationStore;
  readonly #receivers: WebhookReceiver[];
  readonly #stopped = new AbortController();
  #unsavedAlerts = new Map<string, Alert>();
  #unsavedTransitions: Transition[] = [];
  #loop: Promise<void> | null = null;
  #round: Promise<void> = Promise.resolve();
  #clockOffset: number | null = null;
  #roundsToHold = 0;

  constructor(options: AlertingOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#metrics = alertingMetrics(options.metrics);
    this.#rules = configuredRules(options.config.rules).map((rule) => ({
      rule,
      evaluatedAt: null,
      status: null,
      statusSavedAt: Number.NEGATIVE_INFINITY,
    }));
    this.#store = new AlertStore(options.engine, options.tenant);
    this.#log = new NotificationStore(options.engine, options.tenant);
    this.#receivers = options.config.webhooks.map((config) => this.#receiver(config));
  }

  /**
   * Restores the alerts and begins to evaluate.
   *
   * @throws {PlimsollError} `config_invalid` for rules that do not exist.
   */
  async start(): Promise<void> {
    if (this.#loop || this.#stopped.signal.aborted) return;
    const problems = checkRuleOverrides(this.#options.config.rules);
    if (problems.length > 0) throw new PlimsollError('config_invalid', problems.join('\n'));
    if (!this.#options.config.enabled) {
      this.#options.logger.info('Alerting is switched off by configuration.');
      return;
    }
    await this.#restore();
    for (const receiver of this.#receivers) receiver.start();
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new Error('alerting stopped'));
    await this.#loop;
    await this.#round;
    await Promise.all(this.#receivers.map((receiver) => receiver.stop()));
    if (!this.#loop) return;
    try {
      await this.#save();
      await this.#log.flush();
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'The last changes of alerts were not stored.');
    }
  }

  /** Alerts that are pending or firing now. */
  active(): Alert[] {
    return this.#book.active();
  }

  /** One round, after the one under way; public for those who drive the clock themselves. */
  round(): Promise<void> {
    this.#round = this.#round.then(() => this.#evaluateRound());
    return this.#round;
  }

  async #evaluateRound(): Promise<void> {
    try {
      if (this.#holdsForClock()) return;
      await this.#evaluateDue();
    } catch (error) {
      if (this.#stopped.signal.aborted) return;
      this.#options.logger.error({ err: error }, 'A round of evaluation failed.');
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const from = this.#clock.monotonic();
      await this.round();
      const spent = this.#clock.monotonic() - from;
      const waitMs = Math.max(100, this.#options.config.interval - spent);
      await this.#clock.sleep(waitMs, signal).catch(() => undefined);
    }
  }

  async #restore(): Promise<void> {
    const { signal } = this.#stopped;
    const nowMs = this.#clock.now();
    const alerts = await this.#store.restore(nowMs, signal);
    this.#book.restore(alerts.filter(isActive));
    const owed = await this.#log.owed(
      alerts,
      this.#receivers.map((receiver) => receiver.name),
      signal,
    );
    for (const receiver of this.#receivers) {
      for (const alert of owed.get(receiver.name) ?? []) {
        receiver.enqueue(notificationOf(alert, this.#book.active()));
      }
    }
    const names = new Set(this.#rules.map(({ rule }) => rule.name));
    this.#collect(this.#book.retire(names, nowMs));
    this.#options.logger.info({ alerts: this.#book.active().length }, 'Restored the alerts.');
  }

  async #evaluateDue(): Promise<void> {
    const due = this.#rules.filter((state) => this.#isDue(state));
    const options = this.#evaluateOptions();
    const silentHosts = await findSilentHosts(options);
    for (const state of due) {
      this.#stopped.signal.throwIfAborted();
      await this.#evaluateOne(state, { ...options, silentHosts });
    }
    for (const state of ['pending', 'firing'] as const) {
      const count = this.#book.active().filter((alert) => alert.state === state).length;
      this.#metrics.alerts.set({ state }, count);
    }
    await this.#save();
    await this.#saveStatus();
    await this.#log.flush(this.#stopped.signal);
  }

  #evaluateOptions(): EvaluateOptions {
    return {
      engine: this.#options.engine,
      tenant: this.#options.tenant,
      nowMs: this.#clock.now(),
      monotonic: () => this.#clock.monotonic(),
      signal: this.#stopped.signal,
    };
  }

  /** Half an interval early counts as due: rounds do not come at exact times. */
  #isDue({ rule, evaluatedAt }: RuleState): boolean {
    const slack = this.#options.config.interval / 2;
    return evaluatedAt === null || this.#clock.monotonic() - evaluatedAt >= rule.intervalMs - slack;
  }

  async #evaluateOne(
    state: RuleState,
    options: EvaluateOptions & { silentHosts: ReadonlySet<string> },
  ): Promise<void> {
    const { rule } = state;
    const result = await evaluate(rule, options);
    const at = this.#clock.monotonic();
    this.#metrics.evaluations.inc({ rule: rule.name, result: result.ok ? 'ok' : 'failed' });
    this.#metrics.duration.observe({ rule: rule.name }, result.elapsedMs / 1000);
    const error = result.ok ? null : result.error;
    if (error !== null && error !== state.status?.error) {
      this.#options.logger.error({ rule: rule.name, error }, 'A rule could not be evaluated.');
      state.statusSavedAt = Number.NEGATIVE_INFINITY;
    }
    if (error === null && state.status?.error) state.statusSavedAt = Number.NEGATIVE_INFINITY;
    state.status = { rule, evaluatedAt: options.nowMs, evaluationMs: result.elapsedMs, error };
    // A rule that failed has seen nothing: its alerts stay as they are, and no time is counted.
    if (result.ok) {
      const longest = 4 * Math.max(rule.intervalMs, this.#options.config.interval);
      const elapsedMs = state.evaluatedAt === null ? 0 : Math.min(longest, at - state.evaluatedAt);
      const time = { nowMs: options.nowMs, elapsedMs };
      const { findings } = result;
      this.#collect(this.#book.apply(rule, { findings, silentHosts: options.silentHosts, time }));
    }
    state.evaluatedAt = at;
  }

  #collect({ changed, transitions }: { changed: Alert[]; transitions: Transition[] }): void {
    for (const alert of changed)
      this.#unsavedAlerts.set(`${alert.rule}/${alert.fingerprint}`, alert);
    this.#unsavedTransitions.push(...transitions);
    const excess = this.#unsavedTransitions.length - maxUnsavedTransitions;
    if (excess > 0) this.#unsavedTransitions.splice(0, excess);
  }

  async #save(): Promise<void> {
    const alerts = [...this.#unsavedAlerts.values()];
    const transitions = this.#unsavedTransitions;
    if (alerts.length === 0) return;
    await this.#store.saveAlerts(alerts);
    this.#unsavedAlerts = new Map();
    // The history may miss what the engine refused here; the state itself is stored.
    this.#unsavedTransitions = [];
    await this.#store.saveTransitions(transitions);
    for (const transition of transitions) this.#announce(transition);
  }

  #announce({ from, to, alert }: Transition): void {
    const { logger } = this.#options;
    this.#metrics.transitions.inc({ state: to });
    const fields = { rule: alert.rule, fingerprint: alert.fingerprint, labels: alert.labels };
    if (to === 'firing') logger.warn({ ...fields, summary: alert.summary }, 'An alert fired.');
    if (to === 'resolved') logger.info({ ...fields, from }, 'An alert was resolved.');
    if (to !== 'firing' && to !== 'resolved') return;
    const notification = notificationOf(alert, this.#book.active());
    for (const receiver of this.#receivers) receiver.enqueue(notification);
  }

  async #saveStatus(): Promise<void> {
    const now = this.#clock.monotonic();
    const due = this.#rules.filter(
      (state) => state.status && now - state.statusSavedAt >= statusRefreshMs,
    );
    await this.#store.saveRuleStatus(due.flatMap(({ status }) => status ?? []));
    for (const state of due) state.statusSavedAt = now;
  }

  #holdsForClock(): boolean {
    const offset = this.#clock.now() - this.#clock.monotonic();
    const isStep = this.#clockOffset !== null && Math.abs(offset - this.#clockOffset) > clockStepMs;
    if (isStep) {
      this.#roundsToHold = holdRounds;
      const stepSeconds = Math.round((offset - (this.#clockOffset ?? offset)) / 1000);
      this.#options.logger.warn({ stepSeconds }, 'The clock was set; alerts keep their state.');
    }
    this.#clockOffset = offset;
    if (this.#roundsToHold === 0) return false;
    this.#roundsToHold--;
    this.#metrics.skipped.inc();
    return true;
  }

  #receiver(config: Config['alerting']['webhooks'][number]): WebhookReceiver {
    const { logger, random = Math.random, fetch = globalThis.fetch } = this.#options;
    return new WebhookReceiver({
      config,
      clock: this.#clock,
      random,
      fetch,
      logger,
      record: (record) => {
        const { receiver, status } = record;
        this.#metrics.notifications.inc({ receiver, status });
        this.#log.add(record, this.#clock.now());
      },
    });
  }
}

/** What is messed up in a configuration's rules, for `config check`. */
export function checkAlertingConfig(config: Config['alerting']): string[] {
  return checkRuleOverrides(config.rules);
}
