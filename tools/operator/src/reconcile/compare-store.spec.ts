import { zeroCounters, type Counters, type DecidedEvent } from '@giftmesh/domain-money';
import { sampleDecided } from '@giftmesh/domain-money/testing';
import { compareStore, LOOKS_MAX, type LedgerSide } from './compare-store';
import { usersOfLedger } from './pages';

const [ALICE, BOB, STAR] = [1n, 2n, 9n] as const;

const counters = (userId: bigint, changes: Partial<Counters>): Counters => ({
  ...zeroCounters(userId, 'coin'),
  ...changes,
});

/** A ledger, a log and a store that go on by one step with each pause. */
class MovingMesh {
  ledger: readonly Counters[] = [];
  unapplied: readonly DecidedEvent[] = [];
  store: readonly Counters[] = [];
  outbox: readonly DecidedEvent[] = [];
  readonly onRecord = new Set<string>();
  pauses = 0;
  nowMs = 0;
  stepMs = 0;
  readonly asked: (readonly bigint[])[] = [];

  constructor(readonly step: (mesh: MovingMesh) => void = () => undefined) {}

  compare({ usersPerCall = 1000, ...more }: { readonly usersPerCall?: number; readonly suspectsMax?: number } = {}) {
    let view = { ledger: this.ledger, unapplied: this.unapplied };
    const usersAfter = (userId: bigint, limit: number): bigint[] =>
      [...new Set(view.ledger.map((account) => account.userId))].filter((id) => id > userId).slice(0, limit);
    const side: LedgerSide = {
      areOnRecord: (events) => events.map(({ eventId }) => this.onRecord.has(eventId)),
      accountsOf: (userIds) => [...userIds].flatMap((id) => view.ledger.filter(({ userId }) => userId === id)),
      unapplied: async () => view.unapplied,
      refresh: () => {
        view = { ledger: this.ledger, unapplied: this.unapplied };
      },
    };
    return compareStore({
      ledger: side,
      pages: (waiting) => usersOfLedger({ usersAfter }, waiting, usersPerCall),
      balances: {
        accountsOf: async (userIds) => {
          this.asked.push(userIds);
          return this.store.filter(({ userId }) => userIds.includes(userId));
        },
        users: async (userIds) =>
          userIds.map((id) => ({
            accounts: this.store.filter(({ userId }) => userId === id),
            pending: this.outbox.filter(({ event }) => event.opUserId === id),
          })),
      },
      monotonicMs: () => (this.nowMs += this.stepMs),
      pause: async () => {
        this.pauses += 1;
        this.step(this);
      },
      ...more,
    });
  }
}

describe('compareStore', () => {
  it('at rest, looks once, in pages', async () => {
    const mesh = new MovingMesh();
    mesh.ledger = [ALICE, BOB, STAR].map((userId) => counters(userId, { credited: 5n }));
    mesh.store = mesh.ledger.slice(0, 2);
    expect(await mesh.compare({ usersPerCall: 2 })).toEqual({ accounts: 2, looks: 0, explained: 0, differences: [] });
    expect(mesh.asked).toEqual([[ALICE, BOB], [STAR]]);
    expect(mesh.pauses).toBe(0);
  });

  it('counts what the log has on top of the ledger, of users whom the ledger does not know too', async () => {
    const mesh = new MovingMesh();
    mesh.ledger = [counters(ALICE, { credited: 9n })];
    mesh.unapplied = [ALICE, BOB].map((from, id) => sampleDecided({ id, from, to: STAR, amount: 4n }));
    mesh.store = [counters(ALICE, { credited: 9n, debited: 4n, seq: 1 }), counters(BOB, { debited: 4n, seq: 1 })];
    expect(await mesh.compare()).toEqual({ accounts: 2, looks: 0, explained: 2, differences: [] });
  });

  it('an account that never rests is right while the store lies between the ledger before and after', async () => {
    let round = 0n;
    const mesh = new MovingMesh((moving) => {
      round += 1n;
      moving.store = [counters(STAR, { credited: round * 10n - 5n })];
      moving.ledger = [counters(STAR, { credited: round * 10n })];
    });
    mesh.ledger = [counters(STAR, { credited: 3n })];
    mesh.store = [counters(STAR, { credited: 1n })];
    expect(await mesh.compare()).toEqual({ accounts: 1, looks: 1, explained: 1, differences: [] });
  });

  it('a store that stays behind is a difference', async () => {
    const mesh = new MovingMesh();
    mesh.ledger = [counters(STAR, { credited: 3n })];
    mesh.store = [counters(STAR, { credited: 1n })];
    const { looks, differences } = await mesh.compare();
    expect(looks).toBe(LOOKS_MAX);
    expect(differences).toEqual([
      {
        ...{ kind: 'store', userId: STAR, assetType: 'coin', counter: 'credited' },
        ...{ problem: 'behind', store: 1n, expected: 3n },
      },
    ]);
  });

  it('a store that stays ahead is a difference, however far the ledger goes on elsewhere', async () => {
    const mesh = new MovingMesh((moving) => {
      const [alice = counters(ALICE, {}), star = counters(STAR, {})] = moving.ledger;
      moving.ledger = [alice, { ...star, credited: star.credited + 1n }];
    });
    mesh.ledger = [counters(ALICE, { credited: 9n }), counters(STAR, {})];
    mesh.store = [counters(ALICE, { credited: 9n, debited: 4n, seq: 1 })];
    expect((await mesh.compare()).differences).toMatchObject([
      { userId: ALICE, counter: 'debited', problem: 'ahead', store: 4n, expected: 0n },
      { userId: ALICE, counter: 'seq', problem: 'ahead' },
    ]);
  });

  it('what differs beyond the limit is not looked at again', async () => {
    const mesh = new MovingMesh((moving) => {
      moving.store = moving.ledger;
    });
    mesh.ledger = [ALICE, BOB, STAR].map((userId) => counters(userId, { credited: 2n }));
    mesh.store = mesh.ledger.map((account) => ({ ...account, credited: 1n }));
    const { looks, differences } = await mesh.compare({ suspectsMax: 2 });
    expect(looks).toBe(1);
    expect(differences).toMatchObject([{ userId: STAR, problem: 'behind' }]);
  });

  it('what is in the outbox and not in the log yet explains a store that is ahead, unless it is on record', async () => {
    const mesh = new MovingMesh();
    mesh.ledger = [counters(ALICE, { credited: 9n })];
    mesh.store = [counters(ALICE, { credited: 9n, debited: 4n, seq: 1 })];
    const decided = sampleDecided({ id: 1, from: ALICE, to: STAR, amount: 4n });
    mesh.outbox = [decided];
    expect(await mesh.compare()).toEqual({ accounts: 1, looks: 1, explained: 1, differences: [] });
    mesh.onRecord.add(decided.event.eventId);
    expect((await mesh.compare()).differences).toMatchObject([{ problem: 'ahead', counter: 'debited' }, {}]);
  });

  it('on a long way, compares with a ledger that is looked at anew', async () => {
    const mesh = new MovingMesh();
    const before = [ALICE, BOB].map((userId) => counters(userId, { credited: 5n }));
    mesh.ledger = before;
    mesh.store = [];
    mesh.stepMs = 2_000;
    const compared = mesh.compare({ usersPerCall: 1 });
    // Both have moved on together since the first look.
    mesh.ledger = before.map((account) => ({ ...account, credited: 6n }));
    mesh.store = mesh.ledger;
    expect(await compared).toEqual({ accounts: 2, looks: 0, explained: 0, differences: [] });
  });
});
