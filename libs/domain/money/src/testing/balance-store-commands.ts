import fc from 'fast-check';
import { ASSET_TYPES } from '../assets';

/** Users of the commands. Few, so that runs meet the same ones again. */
export const USERS = [1n, 2n, 3n] as const;
/** Numbers of event ids, each a second after the one before. */
export const IDS = 10;
/** How long a user of the model is unused before she may be evicted, milliseconds. */
export const IDLE_MS = 5_000;

const user = fc.nat(USERS.length - 1);
const debit = fc.record({
  user,
  id: fc.nat(IDS - 1),
  amount: fc.integer({ min: 1, max: 6 }),
  asset: fc.constantFrom(...ASSET_TYPES),
  variant: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(1) }),
  isFinal: fc.boolean(),
  executable: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
});
/** One step of a run. */
export const balanceStoreCommand = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('debit' as const),
      debits: fc.array(debit, { minLength: 1, maxLength: 5 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('credit' as const),
      user,
      asset: fc.constantFrom(...ASSET_TYPES),
      amount: fc.integer({ min: 1, max: 20 }),
      told: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('apply' as const),
      count: fc.integer({ min: 1, max: 6 }),
      told: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('snapshot' as const), user, since: fc.nat(IDS) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('install' as const), pick: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('raise' as const), user, by: fc.integer({ min: -1, max: 2 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('open' as const), user }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('evict' as const), limit: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('read' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 100, IDLE_MS, 20_000) }),
  },
);
export type BalanceStoreCommand = typeof balanceStoreCommand extends fc.Arbitrary<infer C> ? C : never;
export type DebitCommand = typeof debit extends fc.Arbitrary<infer C> ? C : never;
