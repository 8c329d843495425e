import type { da, station } from '@giftmesh/contract';
import { StatusCode } from '@giftmesh/kernel-errors';
import { isId } from '@giftmesh/kernel-ids';
import { currentCall } from '@giftmesh/mesh-context';
import { isStress } from '@giftmesh/mesh-lanes';
import {
  StoreLostError,
  invalidRequest,
  mergeCounters,
  orderProblems,
  paymentError,
  reversalProblems,
  stressNotSupported,
  type BalanceStore,
  type Counters,
  type StoredUser,
} from '@giftmesh/domain-money';
import { WireError, assetToProto, countersFromProto, orderFromProto, reversalFromProto } from '@giftmesh/wire-money';
import type { AccountLoader } from './account-loader';
import type { EventDecider } from './event-decider';
import type { GenerationRecovery } from './generation-recovery';
import { OutcomeCounts } from './outcome-counts';
import type { PaymentDaClient } from './ports';

/** The most events or users of one request. */
export const REQUEST_ITEMS_MAX = 1_000;
/** How often users are loaded for one call: a load may be refused, or its user be evicted, before she is read. */
const LOAD_ATTEMPTS_MAX = 3;
/** How often the store is recovered for one call: one loss may follow another while a replica takes over. */
const RECOVERIES_MAX = 3;
/** What is kept of a call's time to send the answer, milliseconds. */
const ANSWER_RESERVE_MS = 20;

export interface PaymentStationPorts {
  readonly store: BalanceStore;
  readonly ledger: PaymentDaClient;
  readonly loader: AccountLoader;
  readonly decider: EventDecider;
  readonly recovery: GenerationRecovery;
  /** False until what an earlier process left behind is on its way: nothing may be decided before. */
  readonly ready: () => boolean;
  /** See `PaymentStationDependencies`. */
  readonly shadow?: boolean | undefined;
}

/** The RPCs of PaymentStationService. */
export class PaymentStationHandlers {
  /** Of all events that were answered. */
  readonly outcomes = new OutcomeCounts();

  constructor(private readonly ports: PaymentStationPorts) {}

  readonly changeAssets = async (request: station.ChangeAssetsRequest): Promise<station.ChangeAssetsResponse> => {
    this.#refuseStress();
    checkCount('events', request.events.length);
    if (!this.ports.ready()) throw paymentError('DEPENDENCY_AWAY', 'the station is starting', StatusCode.UNAVAILABLE);
    const remainingMs = currentCall()?.remainingMs() ?? Infinity;
    const results = await this.ports.decider.decide(request.events, remainingMs - ANSWER_RESERVE_MS);
    this.outcomes.add(results);
    return { results };
  };

  readonly getAssets = async (request: station.GetAssetsRequest): Promise<station.GetAssetsResponse> => {
    const { userIds, cachedOnly } = request;
    checkCount('user_ids', userIds.length);
    const wrong = userIds.findIndex((userId) => !isId(userId));
    if (wrong >= 0) throw invalidRequest([{ field: `user_ids[${wrong}]`, description: 'must be a positive int64' }]);
    const found = cachedOnly ? await this.#read(userIds) : await this.#readOrLoad(userIds);
    const users = found.filter((user): user is StoredUser => user !== undefined);
    return { users: users.map(({ userId, accounts }) => ({ userId, assets: accounts.map(assetToProto) })) };
  };

  readonly listAssetRecords = (request: da.ListAssetRecordsRequest): Promise<da.ListAssetRecordsResponse> =>
    this.ports.ledger.listAssetRecords(request);

  readonly applyOrder = async (request: station.ApplyOrderRequest): Promise<station.ApplyOrderResponse> => {
    this.#refuseStress();
    const problems = orderProblems(readOrThrow(() => orderFromProto(request)));
    if (problems.length > 0) throw invalidRequest(problems);
    const answer = await this.ports.ledger.applyOrder({ order: request });
    if (answer.counters === undefined) throw new TypeError('the ledger answered an order without counters');
    const counters = countersFromProto(answer.counters);
    return { asset: assetToProto(await this.#takeOver(counters)), duplicate: answer.duplicate };
  };

  readonly reverseEvent = async (request: station.ReverseEventRequest): Promise<station.ReverseEventResponse> => {
    this.#refuseStress();
    const problems = reversalProblems(reversalFromProto(request));
    if (problems.length > 0) throw invalidRequest(problems);
    const answer = await this.ports.ledger.reverseEvent({ reversal: request });
    await this.ports.store.merge(answer.counters.map(countersFromProto));
    return { reversed: answer.reversed, duplicate: answer.duplicate };
  };

  /** Merges what the ledger owns into the store, and returns the account as the store has it: its debits may be newer. */
  async #takeOver(counters: Counters): Promise<Counters> {
    await this.ports.store.merge([counters]);
    const [user] = await this.#read([counters.userId]);
    const stored = user?.accounts.find((account) => account.assetType === counters.assetType);
    return stored === undefined ? counters : mergeCounters(stored, counters);
  }

  /** Throws for a call of a load test that would change real money. */
  #refuseStress(): void {
    if (isStress() && this.ports.shadow !== true) throw stressNotSupported();
  }

  async #readOrLoad(userIds: readonly bigint[]): Promise<readonly (StoredUser | undefined)[]> {
    for (let attempt = 0; ; attempt += 1) {
      const found = await this.#read(userIds);
      const missing = userIds.filter((_, index) => found[index] === undefined);
      if (missing.length === 0) return found;
      if (attempt >= LOAD_ATTEMPTS_MAX)
        throw paymentError('DEPENDENCY_AWAY', 'balances could not be loaded', StatusCode.UNAVAILABLE);
      await Promise.all(missing.map((userId) => this.#recovering(() => this.ports.loader.load(userId))));
    }
  }

  #read(userIds: readonly bigint[]): Promise<readonly (StoredUser | undefined)[]> {
    return this.#recovering(() => this.ports.store.read(userIds));
  }

  /** What the store has lost is recovered first. Refuses when it loses something each time. */
  async #recovering<T>(work: () => Promise<T>): Promise<T> {
    for (let recoveries = 0; ; recoveries += 1) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof StoreLostError)) throw error;
        if (recoveries >= RECOVERIES_MAX)
          throw paymentError('DEPENDENCY_AWAY', 'the balance store loses what it holds', StatusCode.UNAVAILABLE);
        await this.ports.recovery.run();
      }
    }
  }
}

function checkCount(field: string, count: number): void {
  if (count < 1 || count > REQUEST_ITEMS_MAX)
    throw invalidRequest([{ field, description: `must be 1 to ${REQUEST_ITEMS_MAX}, are ${count}` }]);
}

function readOrThrow<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof WireError) throw invalidRequest([{ field: error.field, description: error.description }]);
    throw error;
  }
}
