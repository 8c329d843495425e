import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

/** What runs scripts: a connection to one server, or to a cluster. */
export type ScriptRunner = Pick<Redis, 'eval' | 'evalsha'>;

/** True for the answer of a server that does not know a script: it never saw it, or it lost its memory. */
export function isNoScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}

/** A Lua script, called by its hash. */
export class RedisScript {
  readonly text: string;
  /** SHA-1 of the text, as EVALSHA wants it. */
  readonly sha: string;

  constructor(text: string) {
    this.text = text;
    this.sha = createHash('sha1').update(text).digest('hex');
  }

  /** Runs it by its hash only; rejects with what `isNoScript` knows where the server does not have it. */
  run(
    redis: Pick<ScriptRunner, 'evalsha'>,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    return redis.evalsha(this.sha, keys.length, ...keys, ...args);
  }

  /** Runs it, and gives the server the text where it does not have it. For scripts whose state may be lost without harm. */
  async runOrLoad(redis: ScriptRunner, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await this.run(redis, keys, args);
    } catch (error) {
      if (!isNoScript(error)) throw error;
      // Not SCRIPT LOAD: of a cluster, this goes to the node that has the keys.
      return await redis.eval(this.text, keys.length, ...keys, ...args);
    }
  }
}
