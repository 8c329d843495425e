import { common, daLog } from '@giftmesh/contract';
import { AMOUNT_MAX } from '@giftmesh/domain-money';
import { uuidV7Source } from '@giftmesh/kernel-ids';
import type { Random } from '@giftmesh/kernel-random';
import type { Clock } from '@giftmesh/kernel-time';
import type { Faults } from './faults';
import type { SimulatedLog } from './simulated-log';

/** Amounts, ids and the like for a record, each as good as its default. */
interface Flaw {
  readonly eventType?: common.EventType;
  readonly amount?: bigint;
  readonly eventId?: string;
}

/** An event type that no version knows. */
const UNKNOWN_EVENT_TYPE = 99 as common.EventType;
/** A first byte that no message begins with: its wire type does not exist. */
const NO_FIELD = 0x0f;
const BYTES_MAX = 40;
const ID_LENGTH_MAX = 2_000;
/** Above all that are given out in a run: no fence hides that the record is poison. */
const GENERATION = 1_000_000n;

/** Appends records that no version of the services would write: they must be parked and seen by operators, and be in nobody's way. */
export class PoisonRecords {
  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly faults: Faults,
    private readonly log: SimulatedLog,
    private readonly users: readonly bigint[],
  ) {}

  /** Appends one. */
  append(): void {
    switch (this.random.integer(0, 3)) {
      case 0:
        this.faults.count('poison bytes');
        return this.#append(Uint8Array.of(NO_FIELD, ...this.random.bytes(this.random.integer(0, BYTES_MAX))));
      case 1:
        this.faults.count('poison type');
        return this.#append(this.#event({ eventType: UNKNOWN_EVENT_TYPE }));
      case 2:
        this.faults.count('poison amount');
        return this.#append(this.#event({ amount: AMOUNT_MAX + BigInt(this.random.integer(1, 1_000)) }));
      default:
        this.faults.count('poison id');
        return this.#append(this.#event({ eventId: 'x'.repeat(this.random.integer(37, ID_LENGTH_MAX)) }));
    }
  }

  #append(bytes: Uint8Array): void {
    this.log.appendBytes(this.random.integer(0, this.log.partitionCount - 1), bytes);
  }

  #event({
    eventType = common.EventType.INTERACT_GIFT,
    amount = 1n,
    eventId = uuidV7Source(this.clock, this.random)(),
  }: Flaw) {
    const [payer, payee] = [this.random.pick(this.users), this.random.pick(this.users)];
    const assetType = common.AssetType.COIN;
    const decided: daLog.DecidedEventEntry = {
      event: {
        eventId,
        opUserId: payer,
        eventType,
        bizId: 1n,
        bizType: common.BizType.LIVE,
        objId: '1',
        opUserChange: { userId: payer, assetType, incr: -amount },
        toUserChanges: [{ userId: payee, assetType, incr: amount }],
        quantity: 1,
        comboKey: '',
      },
      outcome: common.EventOutcome.APPLIED,
      opUserBalance: 0n,
      seq: 1n,
      generation: GENERATION,
      fingerprint: 1n,
      decidedAtMs: BigInt(this.clock.nowMs()),
    };
    return daLog.MoneyLogEntry.encode({ entry: { $case: 'event', value: decided }, carrier: undefined }).finish();
  }
}
