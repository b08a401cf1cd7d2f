export { Alerting, checkAlertingConfig, type AlertingOptions } from './alerting.ts';
export type { Alert, StoredAlertState, Transition } from './state/alert.ts';
export { sign, verify, type SignedRequest } from './webhook/signature.ts';
export type { WebhookPayload, NotificationGroup } from './webhook/payload.ts';
