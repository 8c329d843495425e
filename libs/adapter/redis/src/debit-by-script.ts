import { StoreLostError, type DebitRequest, type DebitResult } from '@giftmesh/domain-money';
import { NO_SCRIPT, type BalanceScripts } from './balance-scripts';
import { debitResult } from './debit-results';
import { DebitFlag } from './debit-script';
import { eventToText } from './event-text';
import { planCalls, type CallPlan, type ScriptCall } from './script-call';
import { fingerprintText } from './stored-decision';

/** How a balance store decides. */
export interface DebitMethod {
  /** Rejects with StoreLostError when a shard turns out to be lost; requests of others may have been decided then. */
  debit(requests: readonly DebitRequest[]): Promise<readonly DebitResult[]>;
  close(): void;
}

/** Numbers of an answer for each request. */
const ANSWER_SIZE = 3;

/** Decides by the debit script: one call, and one atomic step, for all requests of a shard; of all shards on a single server. */
export class DebitByScript implements DebitMethod {
  constructor(
    private readonly scripts: BalanceScripts,
    private readonly plan: CallPlan,
    private readonly outboxMax: number,
  ) {}

  async debit(requests: readonly DebitRequest[]): Promise<readonly DebitResult[]> {
    const calls = planCalls(this.plan, requests, ({ event }) => event.opUserId);
    const [only] = calls;
    if (only !== undefined && calls.length === 1) return this.#call(only);
    const answers = await Promise.all(calls.map((call) => this.#call(call)));
    const results: DebitResult[] = [];
    calls.forEach((call, index) =>
      call.entries.forEach((entry, place) => (results[entry.index] = answers[index]?.[place] as DebitResult)),
    );
    return results;
  }

  close(): void {}

  async #call(call: ScriptCall<DebitRequest>): Promise<DebitResult[]> {
    const args: (string | number)[] = [call.shards.length, call.users.length, this.outboxMax];
    for (const { userId, shard } of call.users) args.push(call.shardPlace(shard), String(userId));
    for (const { item, user } of call.entries) addRequest(args, user, item);
    const answer = await this.scripts.run('debit', call.keys(this.plan.keys, 'outbox'), args);
    if (answer === NO_SCRIPT) throw new StoreLostError(call.shards);
    const [lost, generations, results] = answer as [number[], number[], (number | string)[]];
    if (lost.length > 0) throw new StoreLostError(lost.map((place) => call.shards[place] as number));
    return call.entries.map(({ item, user }, place) => {
      const shard = call.users[user - 1]?.shard as number;
      const generation = generations[call.shardPlace(shard) - 1] as number;
      const at = place * ANSWER_SIZE;
      return debitResult(item, generation, [
        results[at] as number,
        results[at + 1] as number | string,
        results[at + 2] as number,
      ]);
    });
  }
}

function addRequest(args: (string | number)[], user: number, request: DebitRequest): void {
  const { event, fingerprint, executable, refusalIsFinal, absentAsOf, nowMs } = request;
  const flags = (executable ? DebitFlag.executable : 0) + (refusalIsFinal ? DebitFlag.refusalIsFinal : 0);
  const { incr, assetType } = event.opUserChange;
  args.push(user, event.eventId, fingerprintText(fingerprint), flags, String(-incr), assetType);
  args.push(absentAsOf ?? '', nowMs, eventToText(event));
}
