import { ShardMap } from '@giftmesh/domain-money';
import { MemoryBalanceStore } from './balance-store';

describe("MemoryBalanceStore's options", () => {
  const shards = new ShardMap(8, 2);

  it.each(['outboxMax', 'markersMax', 'accountsMax'])('refuses a %s that is no count', (name) => {
    for (const value of [0, -1, 1.5, NaN, Infinity, 10_000_001])
      expect(() => new MemoryBalanceStore({ shards, [name]: value })).toThrow(
        `${name} must be an integer of 1 to 10000000, is ${value}`,
      );
    for (const value of [1, 10_000_000]) expect(() => new MemoryBalanceStore({ shards, [name]: value })).not.toThrow();
  });
});
