import type { DecidedEvent, LogEntry } from '../decision';
import { CONTRACT_SHARDS, userIn } from './ledger-contract-harness';
import { sampleDecided } from './ledger-samples';

/** Who takes part in the model's runs. */
export const MODEL_USERS = [userIn(0, 0), userIn(0, 1), userIn(1, 0), userIn(2, 0)];

/** What the model puts into the log. */
export type ModelEntry =
  | {
      readonly kind: 'event';
      readonly id: number;
      readonly from: number;
      readonly to: readonly number[];
      readonly amount: number;
      readonly refused: boolean;
      readonly diamond: boolean;
      readonly generation: number;
    }
  | { readonly kind: 'fence'; readonly partition: number; readonly generation: number };

/** The books as a list of what was accepted: everything else is computed from it, in the plainest way. */
export class NaiveBooks {
  readonly accepted = new Map<string, DecidedEvent>();
  readonly orders = new Map<number, { user: bigint; amount: bigint }>();
  readonly reversed = new Map<string, { readonly by: string; readonly amount: bigint }>();
  readonly offsets = [0, 0, 0, 0];
  readonly #fences = new Map<number, number>();
  readonly #seqs = new Map<string, number>();

  decidedOf(one: Extract<ModelEntry, { kind: 'event' }>): DecidedEvent {
    const from = MODEL_USERS[one.from] as bigint;
    const asset = one.diamond ? ('diamond' as const) : ('coin' as const);
    const account = `${from}/${asset}`;
    if (!one.refused) this.#seqs.set(account, (this.#seqs.get(account) ?? 0) + 1);
    return sampleDecided({
      id: one.id,
      from,
      to: one.to.map((index) => [MODEL_USERS[index] as bigint, BigInt(one.amount)] as const),
      amount: BigInt(one.amount),
      asset,
      refused: one.refused,
      seq: this.#seqs.get(account) ?? 1,
      generation: one.generation,
    });
  }

  /** Takes an entry of a partition; true for what counts as settled. */
  take(entry: LogEntry, partition: number): 'applied' | 'duplicate' | 'fenced' | 'fence' {
    this.offsets[partition] = (this.offsets[partition] as number) + 1;
    if (entry.kind === 'fence') {
      for (const shard of entry.fence.shards)
        if (shard % 4 === partition)
          this.#fences.set(shard, Math.max(this.#fences.get(shard) ?? 0, entry.fence.generation));
      return 'fence';
    }
    const { event, generation } = entry.decided;
    if (generation < (this.#fences.get(CONTRACT_SHARDS.shardOf(event.opUserId)) ?? 0)) return 'fenced';
    const key = `${event.opUserId}/${event.eventId}`;
    if (this.accepted.has(key)) return 'duplicate';
    this.accepted.set(key, entry.decided);
    return 'applied';
  }

  /** Counters of all accounts by `user/asset`, replayed from the start. Shares of partial reversals are not known here. */
  replay(): Map<string, { credited: bigint; debited: bigint }> {
    const accounts = new Map<string, { credited: bigint; debited: bigint }>();
    const account = (key: string) => {
      const known = accounts.get(key) ?? { credited: 0n, debited: 0n };
      accounts.set(key, known);
      return known;
    };
    for (const [key, { event, outcome }] of this.accepted) {
      if (outcome !== 'applied') continue;
      const pays = event.opUserChange;
      account(`${pays.userId}/${pays.assetType}`).debited -= pays.incr;
      for (const gets of event.toUserChanges) account(`${gets.userId}/${gets.assetType}`).credited += gets.incr;
      account(`${pays.userId}/${pays.assetType}`).credited += this.reversed.get(key)?.amount ?? 0n;
    }
    for (const { user, amount } of this.orders.values()) account(`${user}/coin`).credited += amount;
    return accounts;
  }
}
