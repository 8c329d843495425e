/** The process of a `LoadSender`: calls by plain grpc-js, and counts how the calls end. */
import { interaction, station } from '@giftmesh/contract';
import { CallError } from '@giftmesh/test-harness';
import { Client, credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import type { LaneResult, LoadLane, SenderAnswer, SenderCommand } from './open-load';
import { eventOf, giftOf, HOST, orderOf, ROOM } from './requests';

/** How many refusals of a lane are read to the last detail, when all is over: that costs more than the call itself. */
const READ_MAX = 100;
/** Between two looks at what is due, milliseconds. */
const TICK_MS = 2;

interface Request {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly eventId?: string;
}

/** The next request of a lane. */
function requestOf({ kind, viewers = [] }: LoadLane, index: number): Request {
  const viewerId = viewers[index % Math.max(1, viewers.length)] ?? 0n;
  const interactions = '/giftmesh.interaction.v1.InteractionService';
  const payments = '/giftmesh.payment.station.v1.PaymentStationService';
  switch (kind) {
    case 'panel': {
      const bytes = interaction.ListGiftsRequest.encode({ roomId: ROOM, pageSize: 500, pageToken: '' }).finish();
      return { path: `${interactions}/ListGifts`, bytes };
    }
    case 'ranking': {
      const ranking = { roomId: ROOM, kind: interaction.LeaderboardKind.VIEWERS, period: 0, limit: 100 };
      const bytes = interaction.GetLeaderboardRequest.encode(ranking).finish();
      return { path: `${interactions}/GetLeaderboard`, bytes };
    }
    case 'gift': {
      const gift = giftOf({ viewerId });
      const bytes = interaction.SendGiftRequest.encode(gift).finish();
      return { path: `${interactions}/SendGift`, bytes, eventId: gift.eventId };
    }
    case 'payment': {
      const event = eventOf({ payer: viewerId, payees: [HOST], each: 1n });
      const bytes = station.ChangeAssetsRequest.encode({ events: [event] }).finish();
      return { path: `${payments}/ChangeAssets`, bytes, eventId: event.eventId };
    }
    case 'order': {
      const order = orderOf({ amount: 5n });
      const bytes = station.ApplyOrderRequest.encode(order).finish();
      return { path: `${payments}/ApplyOrder`, bytes, eventId: order.eventId };
    }
  }
}

/** Sends the calls of one lane, on a connection of its own, and counts. */
class Lane {
  readonly #client: Client;
  readonly #metadata = new Metadata();
  readonly #codes: Record<string, number> = {};
  readonly #toRead: ServiceError[] = [];
  readonly #shed = { all: 0, pushback: 0, level: 0 };
  readonly #ids = { ok: [] as string[], shed: [] as string[], unknown: [] as string[] };
  readonly #tookMs: number[] = [];
  readonly #underWay = new Set<Promise<void>>();
  sent = 0;

  constructor(private readonly lane: LoadLane) {
    this.#client = new Client(lane.address, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      'grpc.max_receive_message_length': -1,
    });
    for (const [name, value] of Object.entries(lane.metadata ?? {})) this.#metadata.set(name, value);
  }

  ready(): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#client.waitForReady(Date.now() + 5_000, (error) => (error === undefined ? resolve() : reject(error))),
    );
  }

  send(): Promise<void> {
    const { path, bytes, eventId } = requestOf(this.lane, this.sent);
    this.sent += 1;
    const startedAtMs = performance.now();
    const call = new Promise<void>((resolve) => {
      this.#client.makeUnaryRequest(
        path,
        (value: Uint8Array) => Buffer.from(value),
        (value: Buffer) => value.length,
        bytes,
        this.#metadata,
        { deadline: Date.now() + this.lane.timeoutMs },
        (error) => {
          if (error === null) this.#tookMs.push(performance.now() - startedAtMs);
          this.#count(error, eventId);
          resolve();
        },
      );
    });
    this.#underWay.add(call);
    void call.then(() => this.#underWay.delete(call));
    return call;
  }

  /** Waits for what is under way, and closes. */
  async end(): Promise<LaneResult> {
    await Promise.all(this.#underWay);
    this.#client.close();
    const reasons: Record<string, number> = {};
    for (const error of this.#toRead) {
      const { reason } = new CallError(error);
      reasons[reason] = (reasons[reason] ?? 0) + 1;
    }
    const sorted = this.#tookMs.sort((a, b) => a - b);
    const quantile = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;
    return {
      kind: this.lane.kind,
      sent: this.sent,
      codes: this.#codes,
      shed: this.#shed,
      reasons,
      ids: this.#ids,
      p50Ms: quantile(0.5),
      p99Ms: quantile(0.99),
    };
  }

  #count(error: ServiceError | null, eventId: string | undefined): void {
    const name = error === null ? 'OK' : (status[error.code] ?? String(error.code));
    this.#codes[name] = (this.#codes[name] ?? 0) + 1;
    const isShed = error?.code === status.RESOURCE_EXHAUSTED;
    if (eventId !== undefined) this.#ids[error === null ? 'ok' : isShed ? 'shed' : 'unknown'].push(eventId);
    if (!isShed) return;
    this.#shed.all += 1;
    if (error.metadata.get('grpc-retry-pushback-ms').join() === '-1') this.#shed.pushback += 1;
    if (/^\d+$/.test(error.metadata.get('x-mesh-level').join())) this.#shed.level += 1;
    if (this.#toRead.length < READ_MAX) this.#toRead.push(error);
  }
}

async function runOpen(lanes: readonly LoadLane[], durationMs: number): Promise<SenderAnswer> {
  const all = lanes.map((lane) => ({ lane, calls: new Lane(lane) }));
  await Promise.all(all.map(({ calls }) => calls.ready()));
  const startMs = performance.now();
  let lastMs = startMs;
  let lateMs = 0;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const nowMs = performance.now();
      lateMs = Math.max(lateMs, nowMs - lastMs - TICK_MS);
      lastMs = nowMs;
      const elapsedMs = Math.min(nowMs - startMs, durationMs);
      for (const { lane, calls } of all) {
        const due = Math.floor((elapsedMs / 1_000) * lane.perSecond);
        while (calls.sent < due) void calls.send();
      }
      if (elapsedMs < durationMs) return;
      clearInterval(timer);
      resolve();
    }, TICK_MS);
  });
  return { results: await Promise.all(all.map(({ calls }) => calls.end())), lateMs };
}

async function runClosed(lane: LoadLane, inFlight: number, durationMs: number): Promise<SenderAnswer> {
  const calls = new Lane(lane);
  await calls.ready();
  const endMs = performance.now() + durationMs;
  const goOn = async (): Promise<void> => {
    while (performance.now() < endMs) await calls.send();
  };
  await Promise.all(Array.from({ length: inFlight }, goOn));
  return { results: [await calls.end()], lateMs: 0 };
}

process.on('message', (command: SenderCommand) => {
  const run =
    command.kind === 'open'
      ? runOpen(command.lanes, command.durationMs)
      : runClosed(command.lane, command.inFlight, command.durationMs);
  void run.then((answer) => process.send?.(answer));
});
process.on('disconnect', () => process.exit());
