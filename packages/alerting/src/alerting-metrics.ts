import { durationBuckets, type Metrics } from '@plimsoll/runtime';

/** What alerting counts of itself; docs/specs lists the names. */
export function alertingMetrics(metrics: Metrics) {
  return {
    evaluations: metrics.counter({
      name: 'plimsoll_alerting_rule_evaluations_total',
      help: 'Evaluations of rules, by rule and result (ok, failed).',
      labels: ['rule', 'result'],
    }),
    duration: metrics.histogram({
      name: 'plimsoll_alerting_rule_evaluation_seconds',
      help: 'Time that one evaluation of a rule took.',
      labels: ['rule'],
      buckets: durationBuckets,
    }),
    alerts: metrics.gauge({
      name: 'plimsoll_alerting_active_alerts',
      help: 'Alerts that are pending or firing, by state.',
      labels: ['state'],
    }),
    transitions: metrics.counter({
      name: 'plimsoll_alerting_state_transitions_total',
      help: 'Changes of state, by the state entered.',
      labels: ['state'],
    }),
    notifications: metrics.counter({
      name: 'plimsoll_alerting_webhook_notifications_total',
      help: 'Steps of notifications, by receiver and status.',
      labels: ['receiver', 'status'],
    }),
    skipped: metrics.counter({
      name: 'plimsoll_alerting_skipped_rounds_total',
      help: 'Rounds of evaluation held because the clock stepped.',
    }),
  };
}

export type AlertingMetrics = ReturnType<typeof alertingMetrics>;
