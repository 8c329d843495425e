import { StatusCode } from '@giftmesh/kernel-errors';
import { forEachGiftOutcome } from './gift-results';
import { FRAME_PREFIX_LENGTH, FrameReader, writeFramePrefix } from './grpc-frame';
import type { Http2Connection } from './http2/connection';
import { requestHeaderBlock } from './http2/hpack';
import { Lane } from './lane';
import { checkLoadClientOptions, type LoadClient, type LoadClientOptions } from './load-client';

/** Options of {@link StreamLoad}. */
export interface StreamLoadOptions extends LoadClientOptions {
  /** Gifts in one message. 1 to 512; at most `inFlight`. */
  readonly batch: number;
}

/** Encoded gifts are shorter than this, so their length is one byte. */
const GIFT_BYTES_MAX = 127;
const GIFTS_FIELD_TAG = 0x0a;
const BATCH_MAX = 512;
const MS_PER_HOUR = 3_600_000;

/**
 * Gifts over one StreamGifts stream a connection: messages of `batch` gifts, as long as not more than the connection's share
 * of `inFlight` gifts wait for their answers. Latency is per gift, from the message it left in to its answer.
 */
export class StreamLoad implements LoadClient {
  readonly #options: StreamLoadOptions;
  readonly #headerBlock: Buffer;
  readonly #lanes: Lane[];
  readonly #sentMs = new Map<number, number>();
  #running = false;
  #openStreams = 0;
  #ends: (() => void)[] = [];
  #onIdle: (() => void) | undefined;

  constructor(options: StreamLoadOptions) {
    checkLoadClientOptions(options);
    const { batch, inFlight, connections, address, method } = options;
    const share = Math.floor(inFlight / connections);
    if (!Number.isInteger(batch) || batch < 1 || batch > Math.min(BATCH_MAX, share))
      throw new RangeError(`batch must be from 1 to ${BATCH_MAX} and at most inFlight / connections, is ${batch}`);
    this.#options = options;
    // The stream lives as long as the load, so its deadline is far away.
    this.#headerBlock = requestHeaderBlock(address, method, MS_PER_HOUR);
    this.#lanes = Array.from(
      { length: connections },
      () => new Lane(address, (connection) => this.#open(connection, share)),
    );
  }

  async start(): Promise<void> {
    this.#running = true;
    await Promise.all(this.#lanes.map((lane) => lane.start()));
  }

  async stop(): Promise<void> {
    this.#running = false;
    for (const end of this.#ends) end();
    if (this.#openStreams > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    for (const lane of this.#lanes) lane.stop();
  }

  #open(connection: Http2Connection, share: number): void {
    const reader = new FrameReader();
    const { recorder, batch } = this.#options;
    const waiting = new Set<number>();
    const fill = (): void => {
      while (this.#running && waiting.size + batch <= share) connection.send(streamId, this.#nextMessage(waiting));
    };
    const streamId = connection.stream(this.#headerBlock, {
      onData: (bytes) => {
        reader.push(bytes, (message) => this.#onAnswers(message, waiting));
        fill();
      },
      onEnd: (status) => {
        this.#openStreams -= 1;
        this.#ends = this.#ends.filter((each) => each !== end);
        for (const number of waiting) {
          this.#sentMs.delete(number);
          recorder.failed(status === StatusCode.OK ? StatusCode.INTERNAL : status);
        }
        if (!this.#running && this.#openStreams === 0) this.#onIdle?.();
        else if (this.#running && !connection.closed) setImmediate(() => this.#open(connection, share));
      },
    });
    const end = (): void => connection.send(streamId, Buffer.alloc(0), true);
    this.#openStreams += 1;
    this.#ends.push(end);
    fill();
  }

  #nextMessage(waiting: Set<number>): Buffer {
    const { source, batch } = this.#options;
    const nowMs = performance.now();
    const parts: Buffer[] = [Buffer.alloc(FRAME_PREFIX_LENGTH)];
    for (let index = 0; index < batch; index += 1) {
      const gift = source.next(2);
      const length = gift.length - 2;
      if (length > GIFT_BYTES_MAX) throw new RangeError(`a gift of ${length} bytes is longer than ${GIFT_BYTES_MAX}`);
      gift[0] = GIFTS_FIELD_TAG;
      gift[1] = length;
      waiting.add(source.lastNumber);
      this.#sentMs.set(source.lastNumber, nowMs);
      parts.push(gift);
    }
    return writeFramePrefix(Buffer.concat(parts));
  }

  #onAnswers(message: Buffer, waiting: Set<number>): void {
    const { recorder } = this.#options;
    const nowMs = performance.now();
    forEachGiftOutcome(message, ({ number, error }) => {
      const sentMs = this.#sentMs.get(number);
      if (sentMs === undefined) return recorder.failed(StatusCode.INTERNAL, 'ANSWER_WITHOUT_REQUEST');
      this.#sentMs.delete(number);
      waiting.delete(number);
      if (error === undefined) recorder.ok(nowMs - sentMs);
      else recorder.failed(error.code, error.reason);
    });
  }
}
