import { integerWithin } from '@giftmesh/kernel-errors';
import type { Clock } from '@giftmesh/kernel-time';
import { TIME_MS_MAX, type Lifetime } from './lifetime';
import type { SharedLayer } from './shared-layer';

/** How values are written for other processes. */
export interface TextCodec<V> {
  readonly encode: (value: V) => string;
  /** Throws for a text that is none: such an entry counts as missing. */
  readonly decode: (text: string) => V;
}

/** The layer that processes share, and how it is used. */
export interface SharedLayerOptions<V> {
  readonly layer: SharedLayer;
  readonly codec: TextCodec<V>;
  /** How long an entry is waited for before it counts as missing, milliseconds, 1 to 10,000. Default 50. */
  readonly waitMs?: number;
  /** How long the layer is not asked after it failed or was late, milliseconds, up to a day. Default 1000. */
  readonly pauseMs?: number;
  /** The longest text that is written, characters. Default 65,536. */
  readonly textLengthMax?: number;
  /** The most writes under way; further values are not written. Default 256. */
  readonly writesMax?: number;
}

/** What the layer has given. */
export interface FoundEntry<V> {
  readonly value: V;
  /** What is left of its life, counted from before it was asked for. */
  readonly left: Lifetime;
}

const WAIT_MS = 50;
const PAUSE_MS = 1_000;
const TEXT_LENGTH_MAX = 65_536;
const WRITES_MAX = 256;
/** An entry's text: for how much of its life it is stale, then the value. */
const ENTRY = /^(\d{1,9}) ([^]*)$/;

/** A shared layer that never fails and never takes long: when it is away, nothing is in it. */
export class GuardedLayer<V> {
  readonly #clock: Clock;
  readonly #options: Required<SharedLayerOptions<V>>;
  #pausedUntilMs = -Infinity;
  #writes = 0;
  /** Calls that failed or were late. */
  failures = 0;

  /** Throws RangeError, with the name and the value, for options that make no sense. */
  constructor(clock: Clock, options: SharedLayerOptions<V>) {
    const { waitMs = WAIT_MS, pauseMs = PAUSE_MS, textLengthMax = TEXT_LENGTH_MAX, writesMax = WRITES_MAX } = options;
    this.#clock = clock;
    this.#options = {
      ...options,
      waitMs: integerWithin('waitMs', waitMs, 1, 10_000),
      pauseMs: integerWithin('pauseMs', pauseMs, 0, TIME_MS_MAX),
      textLengthMax: integerWithin('textLengthMax', textLengthMax, 1, 16_777_216),
      writesMax: integerWithin('writesMax', writesMax, 1, 65_536),
    };
  }

  /** What is known under the key; undefined when there is nothing, or nothing of use, or the layer is away. */
  async find(key: string): Promise<FoundEntry<V> | undefined> {
    if (this.#clock.monotonicMs() < this.#pausedUntilMs) return undefined;
    const { layer, codec, waitMs } = this.#options;
    const entry = await this.#within(waitMs, () => layer.get(key));
    const [, stale, text] = ENTRY.exec(entry?.text ?? '') ?? [];
    if (entry === undefined || text === undefined || !(entry.leftMs > 0)) return undefined;
    try {
      const staleMs = Math.min(Number(stale), entry.leftMs);
      return { value: codec.decode(text), left: { freshMs: entry.leftMs - staleMs, staleMs } };
    } catch {
      // Written by another version of the program.
      return undefined;
    }
  }

  /** Writes an entry, without being waited for. */
  keep(key: string, value: V, { freshMs, staleMs }: Lifetime): void {
    const { layer, codec, textLengthMax, writesMax } = this.#options;
    if (freshMs < 1 || this.#writes >= writesMax || this.#clock.monotonicMs() < this.#pausedUntilMs) return;
    const text = `${staleMs} ${codec.encode(value)}`;
    if (text.length > textLengthMax) return;
    void this.#write(() => layer.set(key, text, freshMs + staleMs));
  }

  /** Removes an entry, without being waited for. Tried even while the layer is not asked. */
  drop(key: string): void {
    void this.#write(() => this.#options.layer.delete(key));
  }

  async #write(call: () => Promise<void>): Promise<void> {
    this.#writes += 1;
    await this.#within(this.#options.waitMs, call);
    this.#writes -= 1;
  }

  /** What the call gives; undefined when it fails or is late, and then the layer is left alone for a while. */
  #within<T>(waitMs: number, call: () => Promise<T>): Promise<T | undefined> {
    return new Promise((resolve) => {
      let isOver = false;
      const end = (value: T | undefined, failed: boolean): void => {
        if (isOver) return;
        isOver = true;
        cancel();
        if (failed) {
          this.failures += 1;
          this.#pausedUntilMs = this.#clock.monotonicMs() + this.#options.pauseMs;
        }
        resolve(value);
      };
      const cancel = this.#clock.schedule(waitMs, () => end(undefined, true));
      (async () => call())().then(
        (value) => end(value, false),
        () => end(undefined, true),
      );
    });
  }
}
