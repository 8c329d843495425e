import fc from 'fast-check';
import { zeroCounters, type Counters } from '../assets';
import type { DecidedEvent } from '../decision';
import type { BalanceStore, DebitRequest, LoadedUser } from '../ports/balance-store';
import { CONTRACT_STORE_SHARDS, type MakeBalanceStore } from './balance-store-contract-harness';
import {
  balanceStoreCommand,
  IDLE_MS,
  IDS,
  USERS,
  type BalanceStoreCommand,
  type DebitCommand,
} from './balance-store-commands';
import { BalanceStoreOracle, type Absence } from './balance-store-oracle';
import { debitOne, sampleGift, sampleRequest } from './balance-store-samples';
import { SAMPLE_START_MS } from './ledger-samples';
import { uuidV7TimeMs } from '@giftmesh/kernel-ids';

const SHARDS = CONTRACT_STORE_SHARDS;
/** Within the time for which a store must remember how far an evicted user had come. */
const SNAPSHOT_LIFE_MS = 50_000;

/** Any sequence of calls, against the oracle. */
export function balanceStoreProperties(makeStore: MakeBalanceStore, numRuns: number): void {
  describe('any sequence of calls (property)', () => {
    const check = (keepsMarkers: boolean, markersMax: number) =>
      fc.assert(
        fc.asyncProperty(fc.array(balanceStoreCommand, { minLength: 20, maxLength: 100 }), async (commands) => {
          const run = new Run(await makeStore({ shards: SHARDS, markersMax }), keepsMarkers);
          try {
            await run.begin();
            for (const each of commands) await run.step(each);
            await run.step({ do: 'read' });
          } finally {
            await run.store.close();
          }
        }),
        { numRuns },
      );

    it('is answered as the oracle says', () => check(true, 100_000));
    it('is never answered wrongly when settled markers make room', () => check(false, 2));
  });
}

interface Snapshot {
  readonly loaded: LoadedUser;
  readonly generation: number;
  readonly takenAtMs: number;
}

class Run {
  readonly oracle: BalanceStoreOracle;
  readonly #snapshots: Snapshot[] = [];
  readonly #absences = new Map<string, Absence>();
  /** Applied by the ledger, and the store has not been told. */
  #untold: DecidedEvent[] = [];
  #nowMs = SAMPLE_START_MS + IDS * 1_000;

  constructor(
    readonly store: BalanceStore,
    private readonly keepsMarkers: boolean,
  ) {
    this.oracle = new BalanceStoreOracle(SHARDS, keepsMarkers);
  }

  /** All users in place with a little money, so that runs need not find the way there. */
  async begin(): Promise<void> {
    for (const [index, userId] of USERS.entries()) {
      const shard = SHARDS.shardOf(userId);
      await this.#raise(shard, 1);
      await this.#open(shard);
      await this.step({ do: 'credit', user: index, asset: 'coin', amount: 15, told: false });
      await this.step({ do: 'snapshot', user: index, since: index });
      await this.step({ do: 'install', pick: index });
    }
  }

  async step(command: BalanceStoreCommand): Promise<void> {
    switch (command.do) {
      case 'debit':
        await this.#debit(command.debits);
        break;
      case 'credit':
        await this.#credit(command);
        break;
      case 'apply':
        await this.#apply(command.count, command.told);
        break;
      case 'snapshot':
        this.#snapshot(USERS[command.user] as bigint, SAMPLE_START_MS + command.since * 1_000);
        break;
      case 'install':
        await this.#install(command.pick);
        break;
      case 'raise': {
        const shard = SHARDS.shardOf(USERS[command.user] as bigint);
        await this.#raise(shard, (this.oracle.generations[shard] as number) + command.by);
        break;
      }
      case 'open':
        await this.#open(SHARDS.shardOf(USERS[command.user] as bigint));
        break;
      case 'evict':
        await this.#evict(command.limit);
        break;
      case 'read':
        await this.#read();
        break;
      case 'wait':
        this.#nowMs += command.ms;
        break;
    }
    await this.#compare();
  }

  async #debit(debits: readonly DebitCommand[]): Promise<void> {
    const requests = debits.map(({ user, id, amount, asset, variant, isFinal, executable }): DebitRequest => {
      const event = sampleGift({
        id,
        from: USERS[user] as bigint,
        amount: BigInt(amount),
        asset,
        to: 900n + BigInt(variant),
        idMs: SAMPLE_START_MS + id * 1_000,
      });
      return sampleRequest(event, {
        nowMs: (this.#nowMs += 1),
        executable,
        refusalIsFinal: isFinal,
        absentAsOf: this.#absences.get(keyOf(event))?.asOf,
      });
    });
    const absences = requests.map(({ event }) => this.#absences.get(keyOf(event)));
    const debiting = this.store.debit(requests);
    if (requests.some(({ event }) => this.oracle.isLost(event.opUserId))) {
      await expect(debiting).rejects.toMatchObject({ name: 'StoreLostError' });
      return;
    }
    const results = await debiting;
    expect(results).toHaveLength(requests.length);
    for (const [index, request] of requests.entries()) {
      const result = results[index] as (typeof results)[number];
      this.oracle.debit(request, absences[index], result);
      if (result.kind === 'ask_ledger') await this.#ask(request, result.asOf);
    }
  }

  /** What a station does: asks the ledger, and remembers that it knew nothing. */
  async #ask(request: DebitRequest, asOf: number): Promise<void> {
    const { event } = request;
    this.#absences.delete(keyOf(event));
    if (this.oracle.ledgerOf(event.opUserId).markers.has(event.eventId)) return;
    const version = this.oracle.users.get(event.opUserId)?.version ?? -1;
    this.#absences.set(keyOf(event), { asOf, version });
    // Asked and answered within the moment, there is nothing left to ask.
    const isFresh = this.keepsMarkers || request.nowMs !== this.#nowMs || !request.executable;
    if (isFresh) return;
    const result = await debitOne(this.store, { ...request, absentAsOf: asOf });
    expect(result.kind).not.toBe('ask_ledger');
    this.oracle.debit({ ...request, absentAsOf: asOf }, { asOf, version }, result);
  }

  async #credit({
    user,
    asset,
    amount,
    told,
  }: {
    user: number;
    asset: Counters['assetType'];
    amount: number;
    told: boolean;
  }): Promise<void> {
    const userId = USERS[user] as bigint;
    const { accounts } = this.oracle.ledgerOf(userId);
    const account = accounts.get(asset) ?? zeroCounters(userId, asset);
    const credited = { ...account, credited: account.credited + BigInt(amount) };
    accounts.set(asset, credited);
    if (!told) return;
    await this.store.merge([credited]);
    this.oracle.merge(credited);
  }

  async #apply(count: number, told: boolean): Promise<void> {
    const decided = this.oracle.outbox().slice(0, count);
    for (const each of decided) this.oracle.apply(each);
    this.#untold.push(...decided);
    if (!told) return;
    const keys = this.#untold.map(({ event: { opUserId, eventId } }) => ({ opUserId, eventId }));
    this.#untold = [];
    await this.store.settle(keys);
    for (const { opUserId, eventId } of keys) this.oracle.settle(opUserId, eventId);
  }

  #snapshot(userId: bigint, markersSinceMs: number): void {
    const { accounts, markers } = this.oracle.ledgerOf(userId);
    const recent = [...markers.values()].filter(({ eventId }) => uuidV7TimeMs(eventId) >= markersSinceMs);
    const loaded = { userId, accounts: [...accounts.values()], markers: recent, markersSinceMs };
    this.#snapshots.push({ loaded, generation: this.oracle.generationOf(userId), takenAtMs: this.#nowMs });
  }

  async #install(pick: number): Promise<void> {
    const usable = this.#snapshots.filter(({ takenAtMs }) => this.#nowMs - takenAtMs < SNAPSHOT_LIFE_MS);
    const snapshot = usable[pick % Math.max(1, usable.length)];
    if (snapshot === undefined) return;
    const { loaded, generation } = snapshot;
    const installing = this.store.install([loaded], new Map([[loaded.userId, generation]]));
    if (this.oracle.isLost(loaded.userId)) {
      await expect(installing).rejects.toMatchObject({ name: 'StoreLostError' });
      return;
    }
    this.oracle.install(loaded, generation, (await installing)[0] as boolean);
  }

  async #raise(shard: number, generation: number): Promise<void> {
    await this.store.raiseGeneration([shard], generation);
    const isRaised = generation > (this.oracle.generations[shard] as number);
    this.oracle.raise(shard, generation);
    // What the ledger has not applied stands behind the fence now; what it has, nobody waits for any more.
    if (isRaised) this.#untold = this.#untold.filter(({ event }) => SHARDS.shardOf(event.opUserId) !== shard);
  }

  async #open(shard: number): Promise<void> {
    const generation = this.oracle.generations[shard] as number;
    await this.store.open([shard], generation);
    this.oracle.open(shard, generation);
  }

  async #evict(limit: number): Promise<void> {
    const before = [...this.oracle.users.keys()];
    const count = await this.store.evictIdle({ nowMs: this.#nowMs, idleMs: IDLE_MS, limit });
    // Looking closer is use, so it is done only when there is something to see.
    const found = count === 0 ? before : await this.store.read(before);
    const gone = before.filter((_, index) => found[index] === undefined);
    expect(gone).toHaveLength(count);
    expect(count).toBeLessThanOrEqual(limit);
    for (const userId of before) {
      const may = this.oracle.evictable(userId, this.#nowMs, IDLE_MS);
      if (gone.includes(userId)) expect(may).not.toBe('never');
      else if (count < limit) expect(may).not.toBe('must');
    }
    for (const userId of gone) this.oracle.evict(userId);
    if (count > 0) this.oracle.read();
    else for (const each of this.oracle.users.values()) each.lookedAtMs ??= this.#nowMs;
  }

  async #read(): Promise<void> {
    const open = USERS.filter((userId) => !this.oracle.isLost(userId));
    for (const [index, found] of (await this.store.read(open)).entries()) {
      const expected = this.oracle.users.get(open[index] as bigint);
      expect(found === undefined).toBe(expected === undefined);
      expectSame(nonZero(found?.accounts ?? []), nonZero([...(expected?.accounts.values() ?? [])]));
    }
    this.oracle.read();
  }

  /** The store has what the oracle has, as far as can be seen without using it. */
  async #compare(): Promise<void> {
    const outbox = await this.store.outbox({ nowMs: this.#nowMs, minAgeMs: 0, limit: 1_000 });
    expectSame(outbox, this.oracle.outbox());
    expect(await this.store.outboxSize()).toBe(outbox.length);
    const lost = SHARDS.allShards().filter((shard) => this.oracle.lost.has(shard));
    expectSame(
      [...(await this.store.lostShards())].sort((a, b) => a - b),
      lost,
    );
    expect(await this.store.generationOf(USERS)).toEqual(USERS.map((userId) => this.oracle.generationOf(userId)));
  }
}

const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? `${each}n` : each));

/** As `toEqual`, which is slow, and done only to tell a difference. */
function expectSame(actual: unknown, expected: unknown): void {
  if (textOf(actual) !== textOf(expected)) expect(actual).toEqual(expected);
}

const keyOf = ({ opUserId, eventId }: { opUserId: bigint; eventId: string }): string => `${opUserId}/${eventId}`;

function nonZero(accounts: readonly Counters[]): Counters[] {
  return accounts
    .filter(({ credited, reversed, debited, seq }) => credited > 0n || reversed > 0n || debited > 0n || seq > 0)
    .sort((a, b) => (a.assetType < b.assetType ? -1 : 1));
}
