import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import { StatusCode, type StatusError } from '@giftmesh/kernel-errors';
import { seededRandom } from '@giftmesh/kernel-random';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { wrapCall, wrapStream } from '@giftmesh/mesh-context';
import { fromGrpcError } from '@giftmesh/mesh-errors';
import { circuitBreakerPolicy } from './circuit-breaker-policy';
import { outgoing } from './testing/outgoing';

const asIs = (bytes: Buffer): Buffer => bytes;
const unary = { path: '/shop.v1.Shop/Buy', requestStream: false, responseStream: false } as const;
const streaming = { path: '/shop.v1.Shop/Watch', requestStream: false, responseStream: true } as const;
const codec = {
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
};

/** A plain grpc-js server whose health the test decides, and a plain client behind a breaker whose time the test decides. */
async function start() {
  const target = { sick: false, calls: 0 };
  const server = new Server();
  const sick = { code: StatusCode.INTERNAL, details: 'sick' };
  server.addService(
    { buy: { ...unary, ...codec }, watch: { ...streaming, ...codec } },
    {
      buy: (_call: unknown, callback: sendUnaryData<Buffer>) => {
        target.calls += 1;
        if (target.sick) callback(sick);
        else callback(null, Buffer.from('ok'));
      },
      watch: (call: ServerWritableStream<Buffer, Buffer>) => {
        target.calls += 1;
        call.write(Buffer.from('first'));
        if (target.sick) call.emit('error', sick);
        else call.end();
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const clock = new SimulatedClock();
  const decisions: string[] = [];
  const breaker = circuitBreakerPolicy({
    clock,
    random: seededRandom(11),
    jitter: 0,
    onDecision: (_policy, decision) => decisions.push(decision),
  });
  const buy = wrapCall([breaker], () => {
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(unary.path, asIs, asIs, Buffer.alloc(0), (error, answer) =>
        error === null ? resolve(answer) : reject(fromGrpcError(error)),
      );
    });
  });
  const watch = wrapStream([breaker], async function* () {
    try {
      yield* client.makeServerStreamRequest(streaming.path, asIs, asIs, Buffer.alloc(0));
    } catch (error) {
      throw fromGrpcError(error as object);
    }
  });
  const reasonOf = (error: unknown): string => (error as StatusError).reason;
  return {
    target,
    clock,
    decisions,
    breaker,
    /** How so many calls, all at once, end: each word with its number. */
    async buys(count: number): Promise<Record<string, number>> {
      const making = Array.from({ length: count }, () => buy(outgoing(clock), undefined).then(() => 'OK', reasonOf));
      const ends: Record<string, number> = {};
      for (const end of await Promise.all(making)) ends[end] = (ends[end] ?? 0) + 1;
      return ends;
    },
    async watches(): Promise<string> {
      try {
        for await (const _ of watch(outgoing(clock, { policy: streaming }), undefined));
        return 'OK';
      } catch (error) {
        return reasonOf(error);
      }
    },
    stopServing: () => server.forceShutdown(),
    close(): void {
      client.close();
      server.forceShutdown();
    },
  };
}

describe('a breaker in front of a grpc-js server', () => {
  let shop: Awaited<ReturnType<typeof start>>;
  beforeEach(async () => {
    shop = await start();
  });
  afterEach(() => shop.close());

  it('opens when it fails, spares it, heals by a ramp when it does', async () => {
    const { target, clock, buys } = shop;
    expect(await buys(30)).toEqual({ OK: 30 });
    target.sick = true;
    // All at once: they were let in before the first one failed.
    expect(await buys(40)).toEqual({ INTERNAL: 40 });
    expect(await buys(1_000)).toEqual({ CIRCUIT_OPEN: 1_000 });
    expect(target.calls).toBe(70);

    // Still sick when it is probed: open again, for longer.
    clock.advance(5_000);
    expect(await buys(100)).toEqual({ INTERNAL: 5, CIRCUIT_OPEN: 95 });
    clock.advance(9_999);
    expect(await buys(100)).toEqual({ CIRCUIT_OPEN: 100 });

    target.sick = false;
    clock.advance(1);
    expect(await buys(200)).toEqual({ OK: 5, CIRCUIT_OPEN: 195 });
    const admitted: number[] = [];
    for (let step = 0; step < 5; step += 1) {
      clock.advance(1_000);
      admitted.push((await buys(200))['OK'] ?? 0);
    }
    const wanted = [40, 80, 160, 200, 200];
    admitted.forEach((count, step) => expect(Math.abs(count - (wanted[step] ?? 0))).toBeLessThan(20));
    expect(shop.breaker.state()).toMatchObject({ 'shop.v1.Shop': 'closed' });
    expect(shop.decisions.filter((word) => word !== 'refused')).toEqual([
      'opened',
      'half-opened',
      'opened',
      'half-opened',
      'closed',
    ]);
  });

  it('falls back when it breaks down again under the growing share', async () => {
    const { target, clock, buys } = shop;
    target.sick = true;
    await buys(20);
    target.sick = false;
    for (let step = 0; step < 3; step += 1) {
      clock.advance(step === 0 ? 5_000 : 1_000);
      await buys(100);
    }
    expect(shop.breaker.state()).toMatchObject({ 'shop.v1.Shop.rampedShare': 0.4 });
    target.sick = true;
    await buys(400);
    expect(await buys(10)).toEqual({ CIRCUIT_OPEN: 10 });
  });

  it('judges streams too', async () => {
    const { target, watches } = shop;
    target.sick = true;
    for (let index = 0; index < 20; index += 1) expect(await watches()).toBe('INTERNAL');
    expect(await watches()).toBe('CIRCUIT_OPEN');
    expect(target.calls).toBe(20);
  });

  it('opens when nobody listens any more', async () => {
    shop.stopServing();
    expect(await shop.buys(20)).toEqual({ UNAVAILABLE: 20 });
    expect(await shop.buys(20)).toEqual({ CIRCUIT_OPEN: 20 });
  });
});
