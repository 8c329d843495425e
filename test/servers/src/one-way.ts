import type { Socket } from 'node:net';
import { systemClock, type Cancel } from '@giftmesh/kernel-time';

/** How one direction of a link is at the moment. */
export interface Weather {
  /** Nothing gets through; what was sent waits. */
  readonly stalled: boolean;
  /** How long everything is on its way, milliseconds. */
  readonly delayMs: number;
}

/** Pieces that one direction holds; then it reads no more, and the sender meets back pressure. */
const HELD_PIECES_MAX = 256;

/** Forwards one direction of a connection, in order, as the weather of its link allows. */
export class OneWay {
  readonly #held: { readonly bytes: Buffer; readonly readAtMs: number }[] = [];
  #cancelWait: Cancel | undefined;
  /** The sink has more than it can send. */
  #full = false;
  /** The source has ended: in good order, or because its connection broke. */
  #sourceEnd: 'none' | 'ended' | 'broken' = 'none';

  constructor(
    private readonly source: Socket,
    private readonly sink: Socket,
    private readonly weather: () => Weather,
  ) {
    source.on('data', (bytes) => {
      this.#held.push({ bytes, readAtMs: systemClock.monotonicMs() });
      if (this.#held.length >= HELD_PIECES_MAX) source.pause();
      this.pump();
    });
    source.on('end', () => this.#onSourceEnd('ended'));
    source.on('close', () => this.#onSourceEnd('broken'));
    sink.on('drain', () => {
      this.#full = false;
      this.pump();
    });
  }

  /** Sends what may go now. To be called when the weather has changed. */
  pump(): void {
    this.#cancelWait?.();
    this.#cancelWait = undefined;
    const { stalled, delayMs } = this.weather();
    if (stalled) return;
    for (let first = this.#held[0]; first !== undefined && !this.#full; first = this.#held[0]) {
      const waitMs = first.readAtMs + delayMs - systemClock.monotonicMs();
      if (waitMs > 0) {
        this.#cancelWait = systemClock.schedule(waitMs, () => this.pump());
        return;
      }
      this.#held.shift();
      this.#full = !this.sink.write(first.bytes);
      this.source.resume();
    }
    if (this.#held.length > 0) return;
    if (this.#sourceEnd === 'ended') this.sink.end();
    if (this.#sourceEnd === 'broken') this.sink.destroy();
  }

  #onSourceEnd(how: 'ended' | 'broken'): void {
    // Each connection is closed behind its end.
    if (this.#sourceEnd === 'none') this.#sourceEnd = how;
    this.pump();
  }
}
