import type { interaction } from '@giftmesh/contract';
import { seededCatalogue, seededRooms } from '@giftmesh/domain-gifts';
import { MemoryActivityStore } from '@giftmesh/domain-gifts/testing';
import { ShardMap, type Codec, type LogEntry } from '@giftmesh/domain-money';
import { MemoryEventLog } from '@giftmesh/domain-money/testing';
import { StatusError } from '@giftmesh/kernel-errors';
import { uuidV7Source } from '@giftmesh/kernel-ids';
import { seededRandom } from '@giftmesh/kernel-random';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { moneyLogCodec } from '@giftmesh/wire-money';
import { createInteractionService, type InteractionService } from '../interaction-service';
import type { InteractionOptions } from '../options';
import type { InteractionPorts } from '../ports';
import { FakeStation } from './fake-station';

/** The room of the tests. */
export const ROOM = 1n;
/** Its host. */
export const HOST = 9_000_001n;
/** A viewer with coins. */
export const VIEWER = 501n;
/** One coin, with combos. */
export const CHEAP_GIFT = 1;

/** An entry that the log can not decode again. */
export const GARBLED: LogEntry = { kind: 'fence', fence: { shards: [], generation: -1 } };

const codec: Codec<LogEntry> = {
  encode: (entry) => (entry === GARBLED ? Uint8Array.of(255) : moneyLogCodec.encode(entry)),
  decode: (bytes) => moneyLogCodec.decode(bytes),
};

/** A service on fakes and a simulated clock. */
export interface Kit {
  readonly clock: SimulatedClock;
  readonly log: MemoryEventLog<LogEntry>;
  readonly activity: MemoryActivityStore;
  readonly station: FakeStation;
  readonly ports: InteractionPorts;
  readonly service: InteractionService;
  readonly newEventId: () => string;
  /** A good request, with parts of it changed. */
  gift(more?: Partial<interaction.SendGiftRequest>): interaction.SendGiftRequest;
  /** Another instance on the same ports. */
  another(options?: Partial<InteractionOptions>): InteractionService;
  /** Lets everything that is under way settle, and the clock move on. */
  pass(ms?: number): Promise<void>;
}

/** A service on fakes, ready to be started. */
export function newKit(options: Partial<InteractionOptions> = {}, ports: Partial<InteractionPorts> = {}): Kit {
  const clock = new SimulatedClock();
  const random = seededRandom(7);
  const shards = new ShardMap(16, 4);
  const log = new MemoryEventLog<LogEntry>({ clock, partitionCount: 4, codec, dropReleased: true });
  const activity = new MemoryActivityStore();
  const station = new FakeStation(clock, log, shards);
  const all: InteractionPorts = {
    clock,
    random,
    catalogue: seededCatalogue(),
    rooms: seededRooms(),
    activity,
    log,
    shards,
    payments: station,
    ...ports,
  };
  station.balances.set(VIEWER, 1_000_000n);
  const newEventId = uuidV7Source(clock, random);
  return {
    clock,
    log,
    activity,
    station,
    ports: all,
    service: createInteractionService(all, options),
    newEventId,
    gift: (more = {}) => ({
      eventId: newEventId(),
      viewerId: VIEWER,
      roomId: ROOM,
      giftId: CHEAP_GIFT,
      count: 1,
      recipientIds: [],
      comboKey: '',
      ...more,
    }),
    another: (more = {}) => createInteractionService(all, { ...options, ...more }),
    pass: (ms = 0) => clock.advanceAsync(ms),
  };
}

/** Takes messages from a stream for as long as there are any without waiting. */
export class Tap<T> {
  readonly seen: T[] = [];
  ended = false;
  error: unknown;

  constructor(iterable: AsyncIterable<T>) {
    void this.#run(iterable);
  }

  async #run(iterable: AsyncIterable<T>): Promise<void> {
    try {
      for await (const message of iterable) this.seen.push(message);
    } catch (error) {
      this.error = error;
    }
    this.ended = true;
  }
}

/** What a call is refused with; fails for one that is not. */
export async function refusalOf(work: unknown): Promise<StatusError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
