import { KafkaEventLog } from '@giftmesh/adapter-kafka';
import { MysqlLedger } from '@giftmesh/adapter-mysql';
import { daLog, type common } from '@giftmesh/contract';
import {
  AMOUNT_MAX,
  ShardMap,
  TEXT_BYTES_MAX,
  type Codec,
  type DeadLetter,
  type DecidedEvent,
  type Order,
} from '@giftmesh/domain-money';
import { sampleDecided } from '@giftmesh/domain-money/testing';
import { assertNever } from '@giftmesh/kernel-errors';
import { sleep, systemClock } from '@giftmesh/kernel-time';
import type { MeshServers } from '@giftmesh/test-servers';
import { moneyLogCodec } from '@giftmesh/wire-money';
import type { PoisonKind, PoisonPlan } from './fault';

/** As the services have them when nothing else is said. */
const TOPIC = 'giftmesh-money';
const SHARDS = new ShardMap(256, 4);
/** Users of poison: nobody's gifts go from or to them. */
const FIRST_POISONER = 900_000_000n;
const VICTIM = 900_000_000_000n;
/** A room that no cast has: what is shown there is nobody's. */
const ROOM = 100_000n;
const ORDER_AMOUNT = 100n;
const UNKNOWN_EVENT_TYPE = 99 as common.EventType;
/** Above all fences, or it would be ignored rather than parked. */
const GENERATION = 1_000_000_000;
/** The longest that it may take until all is parked, milliseconds. */
const PARKED_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 100;
const LETTERS_MAX = 1_000;

const asItIs: Codec<Uint8Array> = { encode: (bytes) => bytes, decode: (bytes) => bytes };

/** Puts messages into the log that nothing in the mesh would write, and sees at rest that they were parked, they alone, and each once. */
export class PoisonFeed {
  readonly #fed = new Map<string, PoisonKind>();
  #serial = 0;

  constructor(
    private readonly servers: MeshServers,
    private readonly newEventId: () => string,
  ) {}

  async feed(messages: readonly PoisonPlan[]): Promise<void> {
    const log = await KafkaEventLog.open({
      brokers: this.servers.kafka.brokers,
      topic: TOPIC,
      codec: asItIs,
      partitionCount: SHARDS.partitionCount,
    });
    try {
      for (const { what, partition } of messages) {
        this.#serial += 1;
        const eventId = this.newEventId();
        const userId = FIRST_POISONER + BigInt(this.#serial);
        if (what === 'taken_id') await this.#atLedger((ledger) => ledger.applyOrder(orderOf(eventId, userId)));
        const value = poisonOf(what, eventId, userId, this.#serial);
        this.#fed.set(hexOf(value), what);
        await log.append([{ partition, value }]);
      }
    } finally {
      await log.close();
    }
  }

  /** All that is wrong with the dead letters once everything is at rest, a sentence each. Drops them as an operator does. */
  async settle(): Promise<readonly string[]> {
    return this.#atLedger(async (ledger) => {
      const letters = await this.#letters(ledger);
      const problems = [...this.#problems(letters)];
      for (const letter of letters) {
        const note = { by: 'chaos', why: 'poison of the campaign', decided: decidedIn(letter) };
        if (!(await ledger.dropDeadLetter(letter.id, note))) problems.push(`dead letter ${letter.id} was gone`);
      }
      this.#fed.clear();
      return problems;
    });
  }

  *#problems(letters: readonly DeadLetter[]): Iterable<string> {
    const missing = new Map(this.#fed);
    for (const { id, payload, reason, partition, offset } of letters) {
      const what = missing.get(hexOf(payload));
      missing.delete(hexOf(payload));
      if (what === undefined)
        yield `dead letter ${id} (partition ${partition}, offset ${offset}) is nobody's poison, or twice there: ${reason}`;
      if (reason === '') yield `dead letter ${id} does not say why`;
    }
    for (const what of missing.values()) yield `poison of kind ${what} was not parked within ${PARKED_WITHIN_MS} ms`;
  }

  async #letters(ledger: MysqlLedger): Promise<readonly DeadLetter[]> {
    const endMs = systemClock.monotonicMs() + PARKED_WITHIN_MS;
    for (;;) {
      const letters = await ledger.deadLetters(LETTERS_MAX);
      if (letters.length >= this.#fed.size || systemClock.monotonicMs() > endMs) return letters;
      await sleep(systemClock, LOOK_EVERY_MS);
    }
  }

  async #atLedger<T>(work: (ledger: MysqlLedger) => Promise<T>): Promise<T> {
    const { url } = this.servers.mariadb;
    const ledger = await MysqlLedger.open({
      url,
      clock: systemClock,
      shards: SHARDS,
      migrate: 'check',
      connectionsMax: 1,
    });
    try {
      return await work(ledger);
    } finally {
      await ledger.close();
    }
  }
}

/** A message that can't be applied. @param serial makes it unlike all others: the same bytes are parked once. */
export function poisonOf(what: PoisonKind, eventId: string, userId: bigint, serial: number): Uint8Array {
  const decided = (event: Partial<DecidedEvent['event']>, to = VICTIM): Uint8Array =>
    moneyLogCodec.encode({
      kind: 'event',
      decided: sampleDecided({
        id: eventId,
        from: userId,
        to,
        amount: 5n,
        generation: GENERATION,
        event: { bizId: ROOM, ...event },
      }),
    });
  switch (what) {
    case 'bytes':
      // A field of a wire type that does not exist.
      return Buffer.from([0x0f, 0xff, 0xff, ...Buffer.from(`no message ${serial}`)]);
    case 'event_type': {
      const message = daLog.MoneyLogEntry.decode(decided({}));
      if (message.entry?.$case === 'event' && message.entry.value.event !== undefined)
        message.entry.value.event.eventType = UNKNOWN_EVENT_TYPE;
      return daLog.MoneyLogEntry.encode(message).finish();
    }
    case 'long_id':
      return decided(
        serial % 2 === 0 ? { eventId: `${eventId}${eventId}` } : { objId: 'x'.repeat(TEXT_BYTES_MAX + 1) },
      );
    case 'amount': {
      const paid = { userId, assetType: 'coin', incr: -AMOUNT_MAX - 1n } as const;
      return decided({ opUserChange: paid, toUserChanges: [{ ...paid, userId: VICTIM, incr: AMOUNT_MAX + 1n }] });
    }
    case 'taken_id':
      // A gift to herself, under the id of an order of hers.
      return decided({}, userId);
    default:
      return assertNever(what);
  }
}

const orderOf = (eventId: string, userId: bigint): Order => ({
  eventId,
  userId,
  eventType: 'order_apple',
  orderId: 1n,
  outsideTransactionId: eventId,
  assetType: 'coin',
  amount: ORDER_AMOUNT,
});

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function decidedIn({ payload }: DeadLetter): DecidedEvent | undefined {
  try {
    const entry = moneyLogCodec.decode(payload);
    return entry.kind === 'event' ? entry.decided : undefined;
  } catch {
    return undefined;
  }
}
