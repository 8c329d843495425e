/** The process of a `LoadSender`: calls, and counts how the calls end. */
import { once } from 'node:events';
import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import { interaction, station } from '@giftmesh/contract';
import { CallError } from '@giftmesh/test-harness';
import { Metadata, status } from '@grpc/grpc-js';
import type { LaneResult, LoadLane, SenderAnswer, SenderCommand } from './open-load';
import { frame } from './raw-call';
import { eventOf, giftOf, HOST, orderOf, ROOM } from './requests';

/** How many refusals of a lane are read to the last detail, when all is over: that costs more than the call itself. */
const READ_MAX = 100;
/** Of each lane: a server takes 1,000 calls at a time on each. */
const CONNECTIONS = 4;
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

/** Sends the calls of one lane, and counts. By HTTP/2 alone: a client of grpc-js would cost more than the server it calls. */
class Lane {
  readonly #sessions: readonly ClientHttp2Session[];
  readonly #codes: Record<string, number> = {};
  readonly #toRead: IncomingHttpHeaders[] = [];
  readonly #shed = { all: 0, pushback: 0, level: 0 };
  readonly #ids = { ok: [] as string[], shed: [] as string[], unknown: [] as string[] };
  readonly #tookMs: number[] = [];
  readonly #underWay = new Set<Promise<void>>();
  sent = 0;

  constructor(private readonly lane: LoadLane) {
    this.#sessions = Array.from({ length: CONNECTIONS }, () => connect(`http://${lane.address}`));
    // Streams tell of it.
    for (const session of this.#sessions) session.on('error', () => undefined);
  }

  async ready(): Promise<void> {
    await Promise.all(this.#sessions.map((session) => once(session, 'remoteSettings')));
  }

  send(): Promise<void> {
    const { path, bytes, eventId } = requestOf(this.lane, this.sent);
    const session = this.#sessions[this.sent % CONNECTIONS] as ClientHttp2Session;
    this.sent += 1;
    const call = new Promise<void>((resolve) => this.#call(session, path, bytes, eventId, resolve));
    this.#underWay.add(call);
    void call.then(() => this.#underWay.delete(call));
    return call;
  }

  #call(
    session: ClientHttp2Session,
    path: string,
    bytes: Uint8Array,
    eventId: string | undefined,
    ended: () => void,
  ): void {
    const startedAtMs = performance.now();
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      'grpc-timeout': `${this.lane.timeoutMs}m`,
      ...this.lane.metadata,
    });
    let trailers: IncomingHttpHeaders = {};
    const see = (headers: IncomingHttpHeaders): void => {
      if (headers['grpc-status'] !== undefined) trailers = headers;
    };
    stream.on('response', see);
    stream.on('trailers', see);
    stream.on('error', () => undefined);
    // Nobody ends a call here before the server does: a deadline that passes is the server's to tell.
    stream.on('close', () => {
      this.#count(trailers, performance.now() - startedAtMs, eventId);
      ended();
    });
    stream.resume();
    stream.end(frame(bytes));
  }

  /** Waits for what is under way, and closes. */
  async end(): Promise<LaneResult> {
    await Promise.all(this.#underWay);
    for (const session of this.#sessions) session.destroy();
    const reasons: Record<string, number> = {};
    for (const trailers of this.#toRead) {
      const { reason } = new CallError(
        Object.assign(new Error(), {
          code: Number(trailers['grpc-status']),
          details: '',
          metadata: Metadata.fromHttp2Headers(trailers),
        }),
      );
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

  #count(trailers: IncomingHttpHeaders, tookMs: number, eventId: string | undefined): void {
    const code = Number(trailers['grpc-status'] ?? status.UNAVAILABLE) as status;
    const name = status[code] ?? String(code);
    this.#codes[name] = (this.#codes[name] ?? 0) + 1;
    if (code === status.OK) this.#tookMs.push(tookMs);
    const isShed = code === status.RESOURCE_EXHAUSTED;
    if (eventId !== undefined) this.#ids[code === status.OK ? 'ok' : isShed ? 'shed' : 'unknown'].push(eventId);
    if (!isShed) return;
    this.#shed.all += 1;
    if (trailers['grpc-retry-pushback-ms'] === '-1') this.#shed.pushback += 1;
    if (/^\d+$/.test(String(trailers['x-mesh-level']))) this.#shed.level += 1;
    if (this.#toRead.length < READ_MAX) this.#toRead.push(trailers);
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
