import { StoreLostError, type DebitRequest, type DebitResult } from '@giftmesh/domain-money';
import { assetPlace, outboxField } from './balance-keys';
import { NO_SCRIPT, type BalanceScripts } from './balance-scripts';
import { debitResult } from './debit-results';
import { DebitWant } from './debit-script';
import { planCalls, type CallPlan, type ScriptCall } from './script-call';
import { keptText } from './stored-decision';

/** How a balance store decides. */
export interface DebitMethod {
  /** Rejects with StoreLostError when a shard turns out to be lost; requests of others may have been decided then. */
  debit(requests: readonly DebitRequest[]): Promise<readonly DebitResult[]>;
  close(): void;
}

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
    const lastMs = call.entries.at(-1)?.item.nowMs ?? 0;
    const args: (string | number)[] = [call.shards.length, call.users.length, this.outboxMax, lastMs];
    for (const { shard } of call.users) args.push(call.shardPlace(shard));
    for (const { item, user } of call.entries) addRequest(args, user, item);
    const answer = await this.scripts.run('debit', call.keys(this.plan.keys, 'outbox'), args);
    if (answer === NO_SCRIPT) throw new StoreLostError(call.shards);
    const [lost, generations, results] = answer as [number[], number[], (number | string)[]];
    if (lost.length > 0) throw new StoreLostError(lost.map((place) => call.shards[place] as number));
    return call.entries.map(({ item, user }, place) => {
      const shard = call.users[user - 1]?.shard as number;
      const generation = generations[call.shardPlace(shard) - 1] as number;
      return debitResult(item, generation, results[2 * place] as number | string, results[2 * place + 1] as number);
    });
  }
}

function addRequest(args: (string | number)[], user: number, request: DebitRequest): void {
  const { event, executable, refusalIsFinal, absentAsOf } = request;
  const { incr, assetType } = event.opUserChange;
  let wants = DebitWant.asset * assetPlace(assetType);
  if (executable) wants += DebitWant.executable;
  if (refusalIsFinal) wants += DebitWant.refusalIsFinal;
  let kept = keptText(request);
  if (absentAsOf !== undefined) {
    wants += DebitWant.absentAsOf;
    kept = `${absentAsOf} ${kept}`;
  }
  args.push(user, outboxField(event.opUserId, event.eventId), wants, String(-incr), kept);
}
