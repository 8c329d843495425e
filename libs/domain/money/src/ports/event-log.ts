/** One value's place in the log and what stands there. */
export interface LogRecord<T> {
  readonly partition: number;
  /** 0, 1, 2, … in each partition. */
  readonly offset: number;
  /** The value, or why the stored bytes are none: such a record is parked by its reader, never skipped in silence. */
  readonly content:
    | { readonly ok: true; readonly value: T }
    | { readonly ok: false; readonly bytes: Uint8Array; readonly problem: string };
}

/** A value and the partition that it is to stand in. */
export interface LogAppend<T> {
  readonly partition: number;
  readonly value: T;
}

/** The next offset to read (or to be written) of a partition. */
export interface LogPosition {
  readonly partition: number;
  readonly offset: number;
}

export interface SubscribeOptions<T> {
  /**
   * Asked when partitions are assigned (none, too), and again after `onRecords` has failed: where to read on. Absent partitions start
   * at 0.
   */
  readonly startAt: (partitions: readonly number[]) => Promise<readonly LogPosition[]>;
  /**
   * Called with records in order of each partition, never twice at a time. When it rejects, the positions are asked anew
   * and delivery goes on from there after `retryDelayMs`.
   */
  readonly onRecords: (records: readonly LogRecord<T>[]) => Promise<void>;
  /** The subscription cannot go on and has ended: a position outside of what the log holds, say. Never skips by itself. */
  readonly onHalt: (error: Error) => void;
  /** The most records of one delivery. */
  readonly recordsMax: number;
  readonly retryDelayMs: number;
  /**
   * Least time from one delivery to the next, asked before each, so that records gather and the work of a delivery is shared by more;
   * the first after a pause comes at once, and so does what follows a full one. Milliseconds; default 0. A hint: a log may ignore it.
   */
  readonly deliveryIntervalMs?: () => number;
}

export interface Subscription {
  /** Ends delivery; resolves when no `onRecords` runs any more. */
  close(): Promise<void>;
}

/** A durable, partitioned, replayable log: at-least-once append and subscribe, end positions. */
export interface EventLog<T> {
  readonly partitionCount: number;
  /**
   * Appends in the given order and resolves when all are durable. A rejection may have appended any of them:
   * the caller appends again, readers meet repetitions.
   */
  append(entries: readonly LogAppend<T>[]): Promise<void>;
  /** End positions of all partitions, behind every append that was acknowledged before the call. */
  endPositions(): Promise<readonly LogPosition[]>;
  /** Records from a position on, at most `recordsMax`, empty at the end. Rejects with {@link LogPositionError} outside the log. */
  read(from: LogPosition, recordsMax: number): Promise<readonly LogRecord<T>[]>;
  subscribe(options: SubscribeOptions<T>): Subscription;
  /** Tells the log that nobody needs records before the position any more. When it drops them is its own matter. */
  release(before: LogPosition): Promise<void>;
  /** True while the log can be written. */
  healthy(): boolean;
  close(): Promise<void>;
}

/** A position that the log does not hold: already dropped, or behind its end. */
export class LogPositionError extends Error {
  override readonly name = 'LogPositionError';

  constructor(
    readonly position: LogPosition,
    readonly startOffset: number,
    readonly endOffset: number,
  ) {
    super(
      `partition ${position.partition} holds offsets ${startOffset} to ${endOffset}, and ${position.offset} was asked for`,
    );
  }
}

/** Bytes of a log's values. `decode` throws for bytes that are none. */
export interface Codec<T> {
  encode(value: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}
