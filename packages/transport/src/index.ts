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
export {
  openDeadLetterTopic,
  type OpenDeadLetterTopicOptions,
} from './kafka/kafka-dead-letter-topic.ts';
export { checkKafka, type KafkaReport } from './kafka/check-kafka.ts';
export { KafkaPublisher, type KafkaPublisherOptions } from './kafka/kafka-publisher.ts';
export {
  KafkaSubscriber,
  type KafkaSubscriberOptions,
  type SubscriberLimits,
} from './kafka/kafka-subscriber.ts';
export {
  deadLetterCauses,
  deadLetterId,
  maxListedLetters,
  type DeadLetter,
  type DeadLetterCause,
  type DeadLetterStore,
  type LetterState,
  type LetterSummary,
  type StoredLetter,
} from './dead-letters/dead-letter.ts';
export type { LetterContent, LetterRange } from './dead-letters/letter-content.ts';
export { FolderDeadLetters } from './dead-letters/folder-dead-letters.ts';
export {
  KafkaDeadLetters,
  type KafkaDeadLettersOptions,
} from './dead-letters/kafka-dead-letters.ts';
export type { DeadLetterTopic, TopicRecord } from './dead-letters/dead-letter-topic.ts';
export { DeadLetterReplays } from './dead-letters/dead-letter-replays.ts';
export { publishLetter, replayProblem } from './dead-letters/publish-letter.ts';
