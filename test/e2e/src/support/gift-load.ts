import { common, type interaction } from '@giftmesh/contract';
import { status } from '@grpc/grpc-js';
import { CallError, type CallOptions, type MeshClients } from '@giftmesh/test-harness';
import { sleep, systemClock } from '@giftmesh/kernel-time';
import { eventually } from './eventually';
import { giftOf, ledgerBalanceOf, recordsOf, viewerWith } from './requests';

/** Statuses after which a gift may have taken effect or not: the same event_id is sent again. */
const RETRYABLE = [status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.RESOURCE_EXHAUSTED, status.CANCELLED];
/** What each viewer has to begin with, coins. */
const PURSE = 1_000_000n;
/** Between two tries of a lane whose gift failed, milliseconds. */
const PAUSE_MS = 20;
/** The longest that is waited for answers, milliseconds: a busy machine gives few of them a second. */
const ANSWERS_WITHIN_MS = 30_000;
/** How many of the first answers are asked for again at the end. */
const REPEATED = 25;

/** Sends gifts without a pause, and writes down what was said about each, so that the books can be held against it. */
export class GiftLoad {
  /** What was answered OK, by event id. */
  readonly answered = new Map<string, interaction.SendGiftResponse>();
  /** Sent, and not decided as far as we know. */
  readonly undecided = new Map<string, interaction.SendGiftRequest>();
  /** How often calls failed, by status and reason. */
  readonly failures = new Map<string, number>();
  readonly #requests = new Map<string, interaction.SendGiftRequest>();
  #lanes: Promise<void>[] = [];
  #running = false;

  private constructor(
    private mesh: MeshClients,
    readonly viewers: readonly bigint[],
  ) {}

  /** Sends to another mesh from now on: the one that came back on the same data. */
  goOnWith(mesh: MeshClients): void {
    this.mesh = mesh;
  }

  /** A load of new viewers, with a purse each. */
  static async of(mesh: MeshClients, viewerCount = 4): Promise<GiftLoad> {
    const viewers = Array.from({ length: viewerCount }, () => viewerWith(mesh, PURSE));
    return new GiftLoad(mesh, await Promise.all(viewers));
  }

  /** Sends gifts over so many lanes, each one gift at a time, until `stop`. */
  start(laneCount = 8, options: CallOptions = {}): void {
    this.#running = true;
    this.#lanes = Array.from({ length: laneCount }, (_, lane) =>
      this.#run(this.viewers[lane % this.viewers.length] as bigint, options),
    );
    // Told by `stop`; a test that fails before must not end by this instead.
    for (const lane of this.#lanes) lane.catch(() => undefined);
  }

  async #run(viewerId: bigint, options: CallOptions): Promise<void> {
    while (this.#running) if (!(await this.send(giftOf({ viewerId }), options))) await sleep(systemClock, PAUSE_MS);
  }

  /** Resolves when every gift that is under way has its answer or its error; rejects when one was refused for good. */
  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#lanes);
  }

  /** The sum of what was paid. */
  get coins(): bigint {
    return [...this.answered.values()].reduce((sum, { coins }) => sum + coins, 0n);
  }

  /** What each viewer has paid. */
  get coinsByViewer(): ReadonlyMap<bigint, bigint> {
    const sums = new Map(this.viewers.map((viewerId) => [viewerId, 0n]));
    for (const [eventId, { coins }] of this.answered) {
      const viewerId = this.#requests.get(eventId)?.viewerId ?? 0n;
      sums.set(viewerId, (sums.get(viewerId) ?? 0n) + coins);
    }
    return sums;
  }

  /** Sends one gift. True when it was answered OK; rejects when it was refused for good, for which there is no reason here. */
  async send(request: interaction.SendGiftRequest, options: CallOptions = {}): Promise<boolean> {
    const { eventId } = request;
    this.#requests.set(eventId, request);
    this.undecided.set(eventId, request);
    try {
      const response = await this.mesh.interaction.call.sendGift(request, options);
      this.answered.set(eventId, response);
      this.undecided.delete(eventId);
      return true;
    } catch (error) {
      if (!(error instanceof CallError) || !RETRYABLE.includes(error.code)) throw error;
      const name = `${error.codeName} ${error.reason}`.trim();
      this.failures.set(name, (this.failures.get(name) ?? 0) + 1);
      return false;
    }
  }

  /** Resolves when so many more gifts were answered OK. */
  async answers(more: number): Promise<void> {
    const wanted = this.answered.size + more;
    await eventually(() => expect(this.answered.size).toBeGreaterThanOrEqual(wanted), ANSWERS_WITHIN_MS);
  }

  /** Sends what is undecided again, with the same ids, until all of it is decided. */
  async decideAll(): Promise<void> {
    await eventually(async () => {
      await Promise.all([...this.undecided.values()].map((request) => this.send(request)));
      expect(this.undecided.size).toBe(0);
    }, 15_000);
  }

  /** Every gift stands once in the books, and nothing else; answers asked for again are the first ones. */
  async expectInBooks(): Promise<void> {
    expect(this.undecided.size).toBe(0);
    const answeredOf = new Map(this.viewers.map((viewerId) => [viewerId, [] as string[]]));
    for (const [eventId, { viewerId }] of this.#requests) answeredOf.get(viewerId)?.push(eventId);
    for (const [viewerId, eventIds] of answeredOf) {
      const records = await recordsOf(this.mesh, viewerId);
      const gifts = records.filter(({ eventType }) => eventType === common.EventType.INTERACT_GIFT);
      expect(gifts.map(({ eventId }) => eventId).sort()).toEqual(eventIds.sort());
      expect(await ledgerBalanceOf(this.mesh, viewerId)).toBe(PURSE - BigInt(eventIds.length));
    }
    for (const [eventId, first] of [...this.answered].slice(0, REPEATED)) {
      const request = this.#requests.get(eventId) as interaction.SendGiftRequest;
      expect(await this.mesh.interaction.call.sendGift(request)).toEqual({ ...first, duplicate: true });
    }
  }
}
