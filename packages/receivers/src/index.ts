export { createReceivers, type Receivers, type ReceiversOptions } from './server/receivers.ts';
export { ReceiverError, receiverErrorStatus, type ReceiverErrorCode } from './receiver-error.ts';
