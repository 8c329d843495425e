import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import {
  CallContext,
  currentCall,
  OutgoingCall,
  Passage,
  runInCall,
  wrapCall,
  type ServerPolicy,
} from '@giftmesh/mesh-context';
import { CallMarks, isStress, laneOf, markCall, marksOf, type Marks } from '@giftmesh/mesh-lanes';
import { markNoRetry, NO_RETRY, noRetryUpward, PUSHBACK_TRAILER, retryPolicy } from '@giftmesh/mesh-retry';
import { seededRandom } from '@giftmesh/kernel-random';
import {
  TraceIds,
  traceOf,
  TraceSampler,
  tracingServerPolicy,
  type BatchTracer,
  type Carrier,
  type TracingOptions,
} from '@giftmesh/mesh-telemetry';
import { deferred } from '@giftmesh/kernel-async';
import { createInteractionService } from '../interaction-service';
import type { InteractionPorts, PaymentClient } from '../ports';
import { newKit, refusalOf, Tap, type Kit } from '../test-kit/kit';
import { carriedBy } from './carried';
import { MARKED_BATCHERS_MAX } from './marked-batchers';

/** What a batch was called with. */
interface Seen {
  readonly lane: string;
  readonly events: number;
  readonly header: string | undefined;
  readonly traces: number;
}

const policy = {
  deadlineMs: undefined,
  priority: 0,
  idempotency: 'idempotent',
  requestStream: false,
  responseStream: false,
} as const;

/** A service whose calls to the station are told, and spans of its batches. */
function setUp(more: Partial<InteractionPorts> = {}) {
  const seen: Seen[] = [];
  let carriers: readonly Carrier[] = [];
  const watchBatch: BatchTracer = async (given, work) => {
    carriers = [...given];
    try {
      return await work();
    } finally {
      carriers = [];
    }
  };
  const kit = newKit({}, { watchBatch, ...more });
  const { changeAssets } = kit.station;
  kit.station.changeAssets = (request, options) => {
    const header = marksOf()?.header;
    seen.push({ lane: laneOf(), events: request.events.length, header, traces: carriers.length });
    return changeAssets.call(kit.station, request, options);
  };
  return { kit, seen };
}

function callOf(kit: Kit, marks?: Marks | CallMarks): CallContext {
  const call = new CallContext({ method: '/x/SendGift', policy, clock: kit.clock });
  if (marks !== undefined) markCall(call, marks);
  return call;
}

const send = async (kit: Kit, call: CallContext) => runInCall(call, () => kit.service.handlers.sendGift(kit.gift()));

describe('gifts of marked calls', () => {
  it('are paid in batches of one lane each, marked as they are', async () => {
    const { kit, seen } = setUp();
    const calls = [undefined, { lane: 'blue' }, undefined, { lane: 'green' }, { lane: 'blue' }];
    await Promise.all(calls.map((marks) => send(kit, callOf(kit, marks))));
    expect(seen).toEqual([
      { lane: 'base', events: 2, header: undefined, traces: 0 },
      { lane: 'blue', events: 2, header: 'mesh.lane=blue', traces: 0 },
      { lane: 'green', events: 1, header: 'mesh.lane=green', traces: 0 },
    ]);
    expect(kit.service.stats().gifts).toMatchObject({ applied: 5, queued: 0, batchesInFlight: 0 });
  });

  it("leave others' baggage behind", async () => {
    const { kit, seen } = setUp();
    const others = [{ key: 'user', value: '7' }];
    await Promise.all([
      send(kit, callOf(kit, new CallMarks({}, others))),
      send(kit, callOf(kit, new CallMarks({ lane: 'blue' }, others))),
    ]);
    expect(seen.map(({ header }) => header)).toEqual([undefined, 'mesh.lane=blue']);
  });

  it('of a stream carry its marks', async () => {
    const { kit, seen } = setUp();
    const requests = (async function* () {
      yield { gifts: [kit.gift(), kit.gift()] };
    })();
    const stream = runInCall(callOf(kit, { lane: 'blue' }), () => kit.service.handlers.streamGifts(requests));
    const tap = new Tap(stream);
    await kit.pass();
    expect(tap.seen.flatMap(({ results }) => results.map(({ result }) => result?.$case))).toEqual(['ok', 'ok']);
    expect(seen).toMatchObject([{ lane: 'blue', events: 2 }]);
  });

  it('do not wait for another lane that hangs', async () => {
    const { kit } = setUp();
    const gate = deferred<void>();
    kit.station.gate = gate.promise;
    const hanging = send(kit, callOf(kit, { lane: 'blue' }));
    await kit.pass();
    kit.station.gate = Promise.resolve();
    await expect(send(kit, callOf(kit))).resolves.toMatchObject({ coins: 1n });
    expect(kit.service.stats().gifts).toMatchObject({ applied: 1, batchesInFlight: 1 });
    gate.resolve();
    await hanging;
  });

  it(`of more than ${MARKED_BATCHERS_MAX} lanes at once are refused, those without marks are not`, async () => {
    const { kit } = setUp();
    const gate = deferred<void>();
    kit.station.gate = gate.promise;
    const lanes = Array.from({ length: MARKED_BATCHERS_MAX }, (_, index) => `lane-${index}`);
    const sent = lanes.map((lane) => send(kit, callOf(kit, { lane })));
    await kit.pass();
    const refused = await refusalOf(send(kit, callOf(kit, { lane: 'one-more' })));
    expect(refused).toMatchObject({ code: StatusCode.RESOURCE_EXHAUSTED, reason: 'QUEUE_FULL' });
    sent.push(send(kit, callOf(kit)), send(kit, callOf(kit, { lane: 'lane-0' })));
    gate.resolve();
    await Promise.all(sent);
    // Lanes that have nothing under way make room.
    await send(kit, callOf(kit, { lane: 'one-more' }));
  });
});

describe('gifts of a load test', () => {
  it('are refused, whatever their lane, and none reaches the station', async () => {
    const { kit, seen } = setUp();
    for (const lane of ['base', 'blue']) {
      const error = await refusalOf(send(kit, callOf(kit, { lane, stress: true })));
      expect(error).toMatchObject({
        code: StatusCode.FAILED_PRECONDITION,
        reason: 'STRESS_NOT_SUPPORTED',
        metadata: { errCode: '10024' },
      });
    }
    let isRead = false;
    const requests = (async function* () {
      isRead = true;
      yield { gifts: [kit.gift()] };
    })();
    const marked = callOf(kit, { stress: true });
    const tap = new Tap(runInCall(marked, () => kit.service.handlers.streamGifts(requests)));
    await kit.pass();
    expect(tap.error).toMatchObject({ reason: 'STRESS_NOT_SUPPORTED' });
    expect({ isRead, seen, streams: kit.service.stats().giftStreams }).toEqual({ isRead: false, seen: [], streams: 0 });
  });
});

describe('gifts of a load test on shadow stores', () => {
  it('are taken, and paid by marked calls', async () => {
    const { kit, seen } = setUp({ shadow: true });
    await send(kit, callOf(kit, { stress: true }));
    const marked = callOf(kit, { lane: 'blue', stress: true });
    const requests = (async function* () {
      yield { gifts: [kit.gift()] };
    })();
    const tap = new Tap(runInCall(marked, () => kit.service.handlers.streamGifts(requests)));
    await kit.pass();
    expect([tap.error, tap.seen.length]).toEqual([undefined, 1]);
    expect(seen.map(({ header }) => header)).toEqual(['mesh.stress=1', 'mesh.stress=1,mesh.lane=blue']);
  });
});

describe('gifts of recorded calls', () => {
  const ids = new TraceIds(seededRandom(3));
  const sampler = new TraceSampler({ ratio: 1 });
  // Spans that are real by their ids, and nothing else.
  const tracer = {
    startSpan: () => {
      const spanContext = { traceId: ids.generateTraceId(), spanId: ids.generateSpanId(), traceFlags: 1 };
      return { spanContext: () => spanContext };
    },
  } as unknown as TracingOptions['tracer'];

  function traced(kit: Kit, { recorded, marks }: { readonly recorded: boolean; readonly marks?: Marks }): CallContext {
    const call = callOf(kit, marks);
    void new Passage([tracingServerPolicy({ sampler, ids, tracer: recorded ? tracer : undefined })], call).enter();
    return call;
  }

  it('bring their traces to the span of their batch, others bring nothing', async () => {
    const { kit, seen } = setUp();
    const calls = [
      traced(kit, { recorded: false }),
      traced(kit, { recorded: true }),
      traced(kit, { recorded: true }),
      traced(kit, { recorded: true, marks: { lane: 'blue' } }),
    ];
    await Promise.all(calls.map((call) => send(kit, call)));
    expect(seen).toMatchObject([
      { lane: 'base', events: 3, traces: 2 },
      { lane: 'blue', events: 1, traces: 1 },
    ]);
    expect(carriedBy(calls[1])?.trace).toEqual({ traceparent: traceOf(calls[1])?.traceParent });
    await send(kit, callOf(kit));
    expect(seen.at(-1)).toMatchObject({ lane: 'base', traces: 0 });
  });

  it('are paid where nobody watches', async () => {
    const { kit } = setUp({ watchBatch: undefined as never });
    await expect(send(kit, traced(kit, { recorded: true }))).resolves.toMatchObject({ coins: 1n });
  });

  it('without a span bring nothing, and nothing is made for them', () => {
    const { kit } = setUp();
    const calls = [undefined, callOf(kit), traced(kit, { recorded: false })];
    expect(calls.map(carriedBy)).toEqual([undefined, undefined, undefined]);
  });
});

describe('a batch that nobody shall try again', () => {
  /** What the caller of a gift is sent with the failure. */
  async function pushbackOf(kit: Kit, policies: readonly ServerPolicy[] = [noRetryUpward()]): Promise<unknown> {
    const call = callOf(kit);
    const passage = new Passage(policies, call);
    await passage.enter();
    passage.leave(await refusalOf(send(kit, call)));
    return call.trailers.get(PUSHBACK_TRAILER);
  }
  const away = new StatusError({ code: StatusCode.UNAVAILABLE, reason: 'AWAY', message: 'away' });

  it('says so to the callers of all its gifts', async () => {
    const { kit } = setUp();
    const fail = () => {
      markNoRetry();
      return Promise.reject(away);
    };
    kit.station.failures.push(fail);
    expect(await Promise.all([pushbackOf(kit), pushbackOf(kit)])).toEqual([NO_RETRY, NO_RETRY]);
    expect(kit.station.requests).toHaveLength(1);
  });

  it('is one whose retries have failed', async () => {
    const { kit } = setUp();
    let tries = 0;
    const retry = retryPolicy({ clock: kit.clock, random: seededRandom(9), maxAttempts: 2 });
    const make = wrapCall([retry], () => {
      tries += 1;
      return Promise.reject(away);
    });
    const station: PaymentClient = {
      getAssets: () => Promise.reject(away),
      changeAssets: (request) => {
        const deadlineMs = kit.clock.monotonicMs() + 5_000;
        const parent = currentCall();
        const call = new OutgoingCall({ method: '/x/ChangeAssets', policy, clock: kit.clock, parent, deadlineMs });
        return make(call, request) as Promise<never>;
      },
    };
    const failing = { ...kit, service: createInteractionService({ ...kit.ports, payments: station }) };
    const pushbacks = Promise.all([pushbackOf(failing), pushbackOf(failing)]);
    await kit.pass(1_000);
    expect({ pushbacks: await pushbacks, tries }).toEqual({ pushbacks: [NO_RETRY, NO_RETRY], tries: 2 });
  });

  it('says nothing when it failed otherwise', async () => {
    const { kit } = setUp();
    kit.station.failures.push(() => Promise.reject(away));
    expect(await pushbackOf(kit)).toBeUndefined();
  });

  it('is not part of the call that came first', async () => {
    const { kit } = setUp();
    const call = callOf(kit);
    let during: CallContext | undefined;
    kit.station.failures.push(() => {
      during = currentCall();
      return Promise.reject(away);
    });
    await refusalOf(send(kit, call));
    expect(during).toBeDefined();
    expect([during === call, during?.remainingMs(), isStress(during)]).toEqual([false, Infinity, false]);
  });
});
