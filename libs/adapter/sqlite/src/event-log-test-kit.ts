import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SimulatedClock } from '@giftmesh/kernel-time';
import type { Codec } from '@giftmesh/domain-money';
import { SqliteEventLog } from './event-log';
import type { SqliteEventLogOptions } from './event-log-options';
import type { ThreadFile } from './event-log-thread-writer';

/** A program of this folder as a thread that runs from source. */
export function sourceThread(file: string): ThreadFile {
  return {
    path: join(__dirname, file),
    execArgv: ['-r', join(__dirname, '../test-support/source-hook.cjs'), '--conditions=@giftmesh/source'],
  };
}

/** Texts as UTF-8; some bytes are none. */
export const textCodec: Codec<string> = {
  encode: (value) => new TextEncoder().encode(value),
  decode: (bytes) => new TextDecoder('utf-8', { fatal: true }).decode(bytes),
};

/** One turn of the event loop, in which messages of other threads arrive. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A folder with a log's file, a simulated clock, and all logs that a test opens on it. */
export class LogFolder {
  readonly path: string;
  readonly clock = new SimulatedClock();
  readonly #folder = mkdtempSync(join(tmpdir(), 'giftmesh-event-log-'));
  readonly #logs: SqliteEventLog<string>[] = [];

  constructor() {
    this.path = join(this.#folder, 'events.db');
  }

  open(options: Partial<SqliteEventLogOptions<string>> = {}): SqliteEventLog<string> {
    const log = new SqliteEventLog<string>({
      path: this.path,
      codec: textCodec,
      partitionCount: 3,
      durability: 'none',
      writer: 'inline',
      clock: this.clock,
      threadFile: sourceThread('event-log-thread.ts'),
      ...options,
    });
    this.#logs.push(log);
    return log;
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advanceAsync(ms);
    await turn();
  }

  /** Lets real work of other threads go on until something is true. */
  async until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
    const startedAtMs = performance.now();
    while (!(await isTrue())) {
      if (performance.now() - startedAtMs > 10_000) throw new Error(`waited in vain until ${what}`);
      await this.advance(1);
    }
  }

  async dispose(): Promise<void> {
    for (const log of this.#logs) await log.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
