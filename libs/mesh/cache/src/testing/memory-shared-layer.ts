import type { Clock } from '@giftmesh/kernel-time';
import type { SharedEntry, SharedLayer } from '../shared-layer';

/** A shared layer in memory: a fake that passes the contract suite. Keeps what nobody asks for again, so for tests only. */
export class MemorySharedLayer implements SharedLayer {
  readonly #entries = new Map<string, { readonly text: string; readonly untilMs: number }>();
  /** When set, every call rejects with it. */
  failure: Error | undefined;
  /** When set, every call waits for it. */
  gate: Promise<unknown> | undefined;

  constructor(private readonly clock: Clock) {}

  async get(key: string): Promise<SharedEntry | undefined> {
    await this.#trouble();
    const entry = this.#entries.get(key);
    const leftMs = (entry?.untilMs ?? 0) - this.clock.monotonicMs();
    return entry === undefined || leftMs <= 0 ? undefined : { text: entry.text, leftMs };
  }

  async set(key: string, text: string, livesMs: number): Promise<void> {
    await this.#trouble();
    this.#entries.set(key, { text, untilMs: this.clock.monotonicMs() + livesMs });
  }

  async delete(key: string): Promise<void> {
    await this.#trouble();
    this.#entries.delete(key);
  }

  async #trouble(): Promise<void> {
    await this.gate;
    if (this.failure !== undefined) throw this.failure;
  }
}
