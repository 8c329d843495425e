import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { DEBIT_SCRIPT } from './debit-script';
import type { RedisConnection } from './redis-connection';
import { isNoScript, RedisScript } from './redis-script';
import { reachable } from './script-call';
import { OPEN_SCRIPT, OUTBOX_SCRIPT, RAISE_SCRIPT, SETTLE_SCRIPT, STATUS_SCRIPT } from './shards-scripts';
import { EVICT_SCRIPT, INSTALL_SCRIPT, MERGE_SCRIPT, READ_SCRIPT } from './users-scripts';

const SCRIPTS = {
  debit: new RedisScript(DEBIT_SCRIPT),
  install: new RedisScript(INSTALL_SCRIPT),
  merge: new RedisScript(MERGE_SCRIPT),
  read: new RedisScript(READ_SCRIPT),
  evict: new RedisScript(EVICT_SCRIPT),
  settle: new RedisScript(SETTLE_SCRIPT),
  outbox: new RedisScript(OUTBOX_SCRIPT),
  status: new RedisScript(STATUS_SCRIPT),
  raise: new RedisScript(RAISE_SCRIPT),
  open: new RedisScript(OPEN_SCRIPT),
} as const;

export type BalanceScriptName = keyof typeof SCRIPTS;

/** What a script answers that the server does not have: it has restarted or was promoted since it was recovered, or never was. */
export const NO_SCRIPT = Symbol('the server does not have the script');

/** The balance store's scripts, on a connection. They are called by their hashes, and given to servers in the recovery only. */
export class BalanceScripts {
  constructor(private readonly connection: RedisConnection) {}

  /** Rejects with UNAVAILABLE when the call failed: it may have been carried out or not. */
  async run(name: BalanceScriptName, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await SCRIPTS[name].run(this.connection.commands, keys, args);
    } catch (error) {
      if (isNoScript(error)) return NO_SCRIPT;
      throw unavailable(error);
    }
  }

  /** Gives all scripts to all masters that can be reached; rejects when none can. */
  async load(): Promise<void> {
    try {
      await reachable(
        this.connection
          .nodes()
          .map((node) => Promise.all(Object.values(SCRIPTS).map((script) => node.script('LOAD', script.text)))),
      );
    } catch (error) {
      throw unavailable(error);
    }
  }
}

/** The error of a store whose server failed or is away. */
export function unavailable(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  return new StatusError({
    code: StatusCode.UNAVAILABLE,
    reason: 'BALANCE_STORE_UNAVAILABLE',
    message: `the balance store's Redis: ${error instanceof Error ? error.message : String(error)}`,
    cause: error,
  });
}
