import type { da } from '@giftmesh/contract';
import type { Counters, EventKey, Marker } from '@giftmesh/domain-money';
import { countersToProto, markerToProto } from '@giftmesh/wire-money';
import type { PaymentDaClient } from '../ports';

/** Payment-DA as its test wants it. */
export class ScriptedLedger implements PaymentDaClient {
  /** What is on record of an event. */
  onRecord: (event: EventKey) => Marker | undefined = () => undefined;
  counters: readonly Counters[] = [];
  /** Throws while the ledger is away. */
  trouble: () => void = () => undefined;
  /** The generation that is given out next. */
  generation = 2n;
  readonly loads: (readonly bigint[])[] = [];
  readonly checks: da.CheckEventsRequest[] = [];

  async loadAssets({ userIds }: da.LoadAssetsRequest): Promise<da.LoadAssetsResponse> {
    this.trouble();
    this.loads.push(userIds);
    return { accounts: userIds.map((userId) => ({ userId, assets: [], decided: [], decidedCompleteSinceMs: 0n })) };
  }

  async checkEvents(request: da.CheckEventsRequest): Promise<da.CheckEventsResponse> {
    this.trouble();
    this.checks.push(request);
    return {
      events: request.events.map((event) => markerToProto(event.eventId, this.onRecord(event))),
      counters: this.counters.map(countersToProto),
    };
  }

  async raiseGeneration(): Promise<da.RaiseGenerationResponse> {
    this.trouble();
    this.generation += 1n;
    return { generation: this.generation - 1n };
  }

  listAssetRecords(): Promise<da.ListAssetRecordsResponse> {
    return Promise.reject(new Error('not scripted'));
  }

  applyOrder(): Promise<da.ApplyOrderResponse> {
    return Promise.reject(new Error('not scripted'));
  }

  reverseEvent(): Promise<da.ReverseEventResponse> {
    return Promise.reject(new Error('not scripted'));
  }
}
