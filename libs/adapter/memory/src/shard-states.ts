import { StoreLostError } from '@giftmesh/domain-money';

/** Each shard's generation, and whether it may be used. */
export class ShardStates {
  readonly #generations: number[];
  readonly #lost: Set<number>;

  /** All shards are lost at the start: what a process before this one held is not known here. */
  constructor(shardCount: number) {
    this.#generations = Array.from({ length: shardCount }, () => 0);
    this.#lost = new Set(this.#generations.keys());
  }

  get anyLost(): boolean {
    return this.#lost.size > 0;
  }

  lost(): number[] {
    return [...this.#lost].sort((a, b) => a - b);
  }

  generationOf(shard: number): number {
    return this.#generations[shard] ?? 0;
  }

  /** Raises shards and closes them; returns those that were lower. */
  raise(shards: readonly number[], generation: number): Set<number> {
    for (const shard of shards) this.#check(shard);
    const raised = new Set(shards.filter((shard) => this.generationOf(shard) < generation));
    for (const shard of raised) {
      this.#generations[shard] = generation;
      this.#lost.add(shard);
    }
    return raised;
  }

  open(shards: readonly number[], generation: number): void {
    for (const shard of shards) if (this.generationOf(shard) === generation) this.#lost.delete(shard);
  }

  /** Throws {@link StoreLostError} when one of the shards is lost. */
  refuseLost(shards: Iterable<number>): void {
    const lost = new Set<number>();
    for (const shard of shards) if (this.#lost.has(shard)) lost.add(shard);
    if (lost.size > 0) throw new StoreLostError([...lost]);
  }

  #check(shard: number): void {
    if (!Number.isInteger(shard) || shard < 0 || shard >= this.#generations.length)
      throw new RangeError(`there is no shard ${shard}`);
  }
}
