export type {
  Batch,
  BatchHandler,
  Lease,
  OutboundFrame,
  Publisher,
  Subscriber,
} from './transport.ts';
export { TransportError, transportErrorCodes, type TransportErrorCode } from './transport-error.ts';
export { DirectTransport, type DirectTransportOptions } from './direct/direct-transport.ts';
export { checkKafka, type KafkaReport } from './kafka/check-kafka.ts';
export { KafkaPublisher, type KafkaPublisherOptions } from './kafka/kafka-publisher.ts';
