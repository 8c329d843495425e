import { StartRefusedError, StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { protocolError } from './kafkajs-internals';

/** Codes of Kafka's protocol that are looked at here. */
export const ErrorCode = {
  NONE: 0,
  OFFSET_OUT_OF_RANGE: 1,
  UNKNOWN_TOPIC_OR_PARTITION: 3,
  LEADER_NOT_AVAILABLE: 5,
  NOT_ENOUGH_REPLICAS: 19,
  ILLEGAL_GENERATION: 22,
  INCONSISTENT_GROUP_PROTOCOL: 23,
  INVALID_GROUP_ID: 24,
  UNKNOWN_MEMBER_ID: 25,
  INVALID_SESSION_TIMEOUT: 26,
  REBALANCE_IN_PROGRESS: 27,
  GROUP_AUTHORIZATION_FAILED: 30,
  MEMBER_ID_REQUIRED: 79,
} as const;

/** Kafka cannot be used as it is, and a person has to do something; the message says what. */
export class KafkaSetupError extends StartRefusedError {
  override readonly name = 'KafkaSetupError';

  /** @param subject `topic` when it is about the topic, not the brokers. */
  constructor(message: string, { subject = 'kafka', ...options }: ErrorOptions & { subject?: 'kafka' | 'topic' } = {}) {
    super(message, subject, options);
  }
}

/** A broker's refusal. */
export class KafkaCodeError extends Error {
  override readonly name = 'KafkaCodeError';
  /** True when the same may succeed later. */
  readonly isRetriable: boolean;

  constructor(
    readonly code: number,
    what: string,
  ) {
    const error = protocolError(code);
    super(`${what}: ${error.type}: ${error.message}`);
    this.isRetriable = error.retriable;
  }
}

/** Throws {@link KafkaCodeError} for any code but none. */
export function refuseCode(code: number, what: string): void {
  if (code !== ErrorCode.NONE) throw new KafkaCodeError(code, what);
}

/** Anything but a refusal that trying again will not change: a connection that broke, a request that took too long. */
export function isRetriable(error: unknown): boolean {
  if (error instanceof KafkaCodeError) return error.isRetriable;
  return !(error instanceof KafkaSetupError || error instanceof RangeError || error instanceof TypeError);
}

/** The log cannot do it now. */
export function unavailable(message: string, cause?: unknown): StatusError {
  return new StatusError({ code: StatusCode.UNAVAILABLE, reason: 'EVENT_LOG_UNAVAILABLE', message, cause });
}

/** What an error says, for a message. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
