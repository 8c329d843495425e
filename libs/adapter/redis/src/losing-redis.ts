import { cp, mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FAST_FOLDER } from './balance-store-test-kit';
import type { RedisConnection } from './redis-connection';

const READY_MS_MAX = 10_000;

/** A server that `startRedis` of tools/infra has started. */
interface Server {
  readonly port: number;
  readonly url: string;
  kill(): Promise<void>;
  pause(): void;
  resume(): void;
}

/** Starts a durable server. */
type Start = (place: { readonly folder: string; readonly port?: number }) => Promise<Server>;

/** A durable Redis for tests that can be killed, and come back with less than it had. */
export class LosingRedis {
  readonly #copies: string[] = [];

  private constructor(
    private readonly startAgain: Start,
    private server: Server,
    private readonly folder: string,
  ) {}

  static async start(start: Start): Promise<LosingRedis> {
    const folder = await mkdtemp(join(FAST_FOLDER, 'losing-redis-'));
    return new LosingRedis(start, await start({ folder }), folder);
  }

  get url(): string {
    return this.server.url;
  }

  pause(): void {
    this.server.pause();
  }

  resume(): void {
    this.server.resume();
  }

  /** How much it has written: where `restartCutAt` may cut. */
  async written(): Promise<number> {
    return (await stat(await this.#log())).size;
  }

  /** Kills it and starts it with all that it had. */
  async restart(): Promise<void> {
    await this.#restart(async () => undefined);
  }

  /** Kills it and starts it without what it wrote after `bytes`. */
  async restartCutAt(bytes: number): Promise<void> {
    await this.#restart(async () => truncate(await this.#log(), bytes));
  }

  /** Kills it and starts it with nothing. */
  async restartEmpty(): Promise<void> {
    await this.#restart(() => this.#remove());
  }

  /** Copies its files, as a backup does. */
  async copy(): Promise<string> {
    const copy = await mkdtemp(join(FAST_FOLDER, 'losing-redis-copy-'));
    this.#copies.push(copy);
    await cp(this.#data(), copy, { recursive: true });
    return copy;
  }

  /** Kills it and starts it with the files of an earlier time. */
  async restartWith(copy: string): Promise<void> {
    await this.#restart(async () => {
      await this.#remove();
      await cp(copy, this.#data(), { recursive: true });
    });
  }

  async end(): Promise<void> {
    await this.server.kill();
    for (const folder of [this.folder, ...this.#copies]) await rm(folder, { recursive: true, force: true });
  }

  async #restart(change: () => Promise<void>): Promise<void> {
    const { port } = this.server;
    await this.server.kill();
    await change();
    this.server = await this.startAgain({ folder: this.folder, port });
  }

  #data(): string {
    return join(this.folder, 'appendonlydir');
  }

  async #remove(): Promise<void> {
    await rm(this.#data(), { recursive: true });
  }

  async #log(): Promise<string> {
    const name = (await readdir(this.#data())).find((each) => each.endsWith('.incr.aof'));
    if (name === undefined) throw new Error(`there is no append-only file in ${this.#data()}`);
    return join(this.#data(), name);
  }
}

/** Resolves when a connection that broke stands again. */
export async function readyAgain(connection: RedisConnection): Promise<void> {
  const endMs = performance.now() + READY_MS_MAX;
  while (!(connection.ready() && (await answers(connection)))) {
    if (performance.now() > endMs) throw new Error(`no connection within ${READY_MS_MAX} ms`);
    await delay(10);
  }
}

async function answers(connection: RedisConnection): Promise<boolean> {
  try {
    await connection.commands.hmget('nothing', 'a');
    return true;
  } catch {
    return false;
  }
}
