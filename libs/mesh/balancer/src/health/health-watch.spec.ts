import { Metadata, status as Status, type InterceptingListener } from '@grpc/grpc-js';
import { seededRandom } from '@giftmesh/kernel-random';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { healthDefinition, ServingStatus } from '@giftmesh/mesh-health';
import { FIRST_ANSWER_MS_MAX, HealthWatch } from './health-watch';

const method = healthDefinition().watch;

/** A channel whose calls are in the test's hands. */
function watched() {
  const calls: FakeCall[] = [];
  const told: string[] = [];
  const clock = new SimulatedClock();
  const channel = {
    createCall: (path: string) => {
      const call = new FakeCall(path);
      calls.push(call);
      return call;
    },
  };
  const watch = new HealthWatch({
    channel: channel as never,
    serviceName: 'echo',
    method,
    clock,
    random: seededRandom(1),
    onHealth: (health, decision) => told.push(`${health} ${decision}`),
  });
  const last = (): FakeCall => calls.at(-1) as FakeCall;
  return { watch, calls, told, clock, last };
}

class FakeCall {
  readonly path: string;
  readonly sent: unknown[] = [];
  cancelled = 0;
  listener: InterceptingListener | undefined;
  finishStart: () => void = () => undefined;
  failStart: (error: Error) => void = () => undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** As SingleSubchannelChannel's: a promise that the type doesn't tell of. */
  start(_metadata: Metadata, listener: InterceptingListener): Promise<void> {
    this.listener = listener;
    return new Promise((resolve, reject) => {
      this.finishStart = resolve;
      this.failStart = reject;
    });
  }

  sendMessageWithContext(_context: object, message: Buffer): void {
    this.sent.push(method.requestDeserialize(message));
  }

  halfClose(): void {
    this.sent.push('end');
  }

  startRead(): void {
    this.sent.push('read');
  }

  cancelWithStatus(): void {
    this.cancelled += 1;
  }

  answer(status: ServingStatus): void {
    this.listener?.onReceiveMessage(Buffer.from(method.responseSerialize({ status })));
  }

  end(code: Status): void {
    this.listener?.onReceiveStatus({ code, details: '', metadata: new Metadata() });
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('HealthWatch', () => {
  it('asks for the service and tells every answer', () => {
    const { last, told } = watched();
    expect(last().path).toBe('/grpc.health.v1.Health/Watch');
    expect(last().sent).toEqual([expect.objectContaining({ service: 'echo' }), 'end', 'read']);
    for (const status of Object.values(ServingStatus)) last().answer(status);
    expect(told).toEqual([
      'not-serving not-serving',
      'serving serving',
      'not-serving not-serving',
      'not-serving not-serving',
    ]);
    expect(last().sent.filter((it) => it === 'read').length).toBe(5);
  });

  it('takes UNIMPLEMENTED for serving, for good', () => {
    const { last, told, clock, calls } = watched();
    last().end(Status.UNIMPLEMENTED);
    clock.advance(1_000_000);
    expect([told, calls.length, clock.pendingTimers]).toEqual([['serving unimplemented'], 1, 0]);
  });

  it('opens again after growing waits when a watch fails, and at once when it had lasted', () => {
    const { last, told, clock, calls } = watched();
    last().end(Status.UNAVAILABLE);
    expect(told).toEqual(['not-serving watch-failed']);
    const waits: number[] = [];
    for (let failure = 0; failure < 3; failure += 1) {
      waits.push(clock.nextTimerInMs ?? NaN);
      clock.advance(clock.nextTimerInMs ?? 0);
      expect(calls.length).toBe(failure + 2);
      last().end(Status.UNKNOWN);
    }
    expect(waits[0]).toBeGreaterThanOrEqual(800);
    expect(waits[0]).toBeLessThanOrEqual(1_200);
    expect(waits[2]).toBeGreaterThan(waits[0] ?? NaN);
    clock.advance(clock.nextTimerInMs ?? 0);
    last().answer(ServingStatus.SERVING);
    clock.advance(1_000);
    last().end(Status.OK);
    expect(told.at(-1)).toBe('serving serving');
    clock.advance(0);
    expect(calls.length).toBe(6);
  });

  it('does not open again at once and over and over when answers end as soon as they came', () => {
    const { last, told, clock, calls } = watched();
    last().answer(ServingStatus.SERVING);
    last().end(Status.OK);
    expect(told.at(-1)).toBe('not-serving watch-failed');
    clock.advance(700);
    expect(calls.length).toBe(1);
  });

  it('gives up a watch without an answer at its limit', () => {
    const { last, told, clock } = watched();
    const silent = last();
    clock.advance(FIRST_ANSWER_MS_MAX - 1);
    expect(told).toEqual([]);
    clock.advance(1);
    expect([told, silent.cancelled]).toEqual([['not-serving watch-failed'], 1]);
    silent.answer(ServingStatus.SERVING);
    expect(told.length).toBe(1);
  });

  it('gives up a watch that answers with something else', () => {
    const { last, told } = watched();
    last().listener?.onReceiveMessage(Buffer.from([0xff, 0xff]));
    expect(told).toEqual(['not-serving malformed', 'not-serving watch-failed']);
    expect(last().cancelled).toBe(1);
  });

  it('survives a call that cannot start', async () => {
    const { last, told } = watched();
    last().failStart(new Error('Cannot create call, subchannel not READY'));
    await settled();
    expect(told).toEqual(['not-serving watch-failed']);
  });

  it('tells nothing once stopped, and cancels a call also that had not started yet', async () => {
    const { watch, last, told, clock, calls } = watched();
    watch.stop();
    expect(last().cancelled).toBe(1);
    last().finishStart();
    await settled();
    expect(last().cancelled).toBe(2);
    last().answer(ServingStatus.SERVING);
    last().end(Status.UNAVAILABLE);
    clock.advance(100_000);
    expect([told, calls.length, clock.pendingTimers]).toEqual([[], 1, 0]);
  });

  it('does not open again when it is stopped between two tries', () => {
    const { watch, last, clock, calls } = watched();
    last().end(Status.UNAVAILABLE);
    watch.stop();
    clock.advance(100_000);
    expect([calls.length, clock.pendingTimers]).toEqual([1, 0]);
  });
});
