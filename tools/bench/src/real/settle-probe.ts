import { randomInt } from 'node:crypto';
import { credentials, Metadata } from '@grpc/grpc-js';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { interaction } from '@giftmesh/contract';
import { uuidToBytes, uuidV7Source } from '@giftmesh/kernel-ids';
import { seededRandom } from '@giftmesh/kernel-random';
import { systemClock } from '@giftmesh/kernel-time';
import type { Beside } from '../measure';

/** Gifts that are watched a second: 10. With 50, looking took a tenth of a CPU. */
const SEND_EVERY_MS = 100;
/** How often the ledger is looked into; no lag is known better. */
const LOOK_EVERY_MS = 10;
/** A gift that is not settled this long after its answer counts with this. */
const SETTLED_LIMIT_MS = 30_000;
const DEADLINE_MS = 10_000;
/** A payer's leg, and an applied one, as the ledger writes them. */
const LEG = 'role = 0 AND outcome = 0';

export interface SettleProbeOptions {
  /** `host:port` of interaction. */
  readonly address: string;
  readonly mysqlUrl: string;
  /** What it sends; event ids are its own. */
  readonly gift: Omit<interaction.SendGiftRequest, 'eventId'>;
}

/** Sends gifts beside a load, and looks how long after its OK each one can be read in the ledger. */
export class SettleProbe implements Beside {
  /** Milliseconds from the OK to when the ledger was seen to have it, of each gift that was answered OK. */
  readonly lagsMs: number[] = [];
  /** Gifts that were not answered OK. */
  failed = 0;
  readonly #client: interaction.InteractionServiceClient;
  readonly #newEventId = uuidV7Source(systemClock, seededRandom(randomInt(2 ** 31)));
  readonly #answeredMs = new Map<string, number>();
  readonly #calls = new Set<Promise<void>>();
  #sending: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();

  private constructor(
    private readonly options: SettleProbeOptions,
    private readonly sql: Connection,
  ) {
    this.#client = new interaction.InteractionServiceClient(options.address, credentials.createInsecure());
  }

  /** Connects to the ledger. */
  static async open(options: SettleProbeOptions): Promise<SettleProbe> {
    return new SettleProbe(options, await createConnection(options.mysqlUrl));
  }

  start(): void {
    this.#sending = setInterval(() => {
      const call = this.#send().finally(() => this.#calls.delete(call));
      this.#calls.add(call);
    }, SEND_EVERY_MS);
    this.#looking = this.#look();
  }

  async stop(): Promise<void> {
    clearInterval(this.#sending);
    this.#sending = undefined;
    await Promise.all(this.#calls);
    await this.#looking;
  }

  async close(): Promise<void> {
    this.#client.close();
    await this.sql.end();
  }

  #send(): Promise<void> {
    const eventId = this.#newEventId();
    const deadline = Date.now() + DEADLINE_MS;
    return new Promise((resolve) => {
      this.#client.sendGift({ ...this.options.gift, eventId }, new Metadata(), { deadline }, (error) => {
        if (error === null) this.#answeredMs.set(eventId, performance.now());
        else this.failed += 1;
        resolve();
      });
    });
  }

  /** Until nothing is sent any more and all that was answered is settled. */
  async #look(): Promise<void> {
    while (this.#sending !== undefined || this.#calls.size > 0 || this.#answeredMs.size > 0) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      const waiting = [...this.#answeredMs.keys()];
      if (waiting.length === 0) continue;
      const found = await this.#recorded(waiting);
      const nowMs = performance.now();
      for (const [eventId, answeredMs] of this.#answeredMs) {
        if (!found.has(eventId) && nowMs - answeredMs < SETTLED_LIMIT_MS) continue;
        this.lagsMs.push(nowMs - answeredMs);
        this.#answeredMs.delete(eventId);
      }
    }
  }

  async #recorded(eventIds: readonly string[]): Promise<Set<string>> {
    const ids = new Map(eventIds.map((eventId) => [uuidToBytes(eventId).toString('hex'), eventId]));
    const listed = [...ids.keys()].map((hex) => `0x${hex}`).join();
    const [rows] = await this.sql.query<(RowDataPacket & { id: string })[]>(
      `SELECT LOWER(HEX(event_id)) AS id FROM user_asset_record
        WHERE user_id = ${this.options.gift.viewerId} AND ${LEG} AND event_id IN (${listed})`,
    );
    return new Set(rows.flatMap(({ id }) => ids.get(id) ?? []));
  }
}
