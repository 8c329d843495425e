import { setImmediate } from 'node:timers/promises';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { CallContext, currentCall, metadataOf, service } from '@giftmesh/mesh-context';
import { ServiceHost } from './service-host';
import { compileEcho, sleepUntilAborted } from './testing';
import { hosted, ok, SAY, unused } from './testing/hosted-kit';

describe('ServiceHost, one answer', () => {
  it('runs the handler in the context of its call, with its policy and metadata', async () => {
    const seen: unknown[] = [];
    const { say } = hosted({
      say: () => {
        const call = currentCall();
        seen.push(call?.method, call?.policy.priority, call?.metadata.get('who'), call?.remainingMs());
        return ok;
      },
    });
    expect(await say({ timeoutMs: 100, metadata: metadataOf(new Map([['who', 'me']])) }).answer).toBe(ok);
    expect(seen).toEqual([SAY, 20, 'me', 100]);
  });

  it("gives a call the method's deadline where the caller set none or a longer one", () => {
    const { say } = hosted({ say: () => ok });
    expect([say().context, say({ timeoutMs: 9_000 }).context].map((context) => context.deadlineMs)).toEqual([
      2_000, 2_000,
    ]);
  });

  it('does no work for a call that comes too late', async () => {
    let ran = 0;
    const { say } = hosted(
      { say: () => ((ran += 1), ok) },
      { policies: [{ name: 'count', begin: () => void (ran += 1) }] },
    );
    for (const timeoutMs of [0, -1]) {
      await expect(say({ timeoutMs }).answer).rejects.toMatchObject({ code: StatusCode.DEADLINE_EXCEEDED });
    }
    expect(ran).toBe(0);
  });

  it('answers DEADLINE_EXCEEDED when the time is over, whatever the handler does, and aborts its signal', async () => {
    let signal: AbortSignal | undefined;
    const { clock, say } = hosted({
      say: () => {
        signal = currentCall()?.signal;
        return new Promise<never>(() => undefined);
      },
    });
    const { answer } = say({ timeoutMs: 50 });
    answer.catch(() => undefined);
    await clock.advanceAsync(49);
    expect(signal?.aborted).toBe(false);
    await clock.advanceAsync(6);
    await expect(answer).rejects.toMatchObject({ code: StatusCode.DEADLINE_EXCEEDED });
    expect(signal?.aborted).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it('leaves no timer behind that an answered call would wait for', async () => {
    const { clock, say } = hosted({ say: () => ok });
    for (let call = 0; call < 100; call += 1) await say({ timeoutMs: 1_000 }).answer;
    await clock.advanceAsync(1_005);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each<[string, () => never | Promise<never>]>([
    [
      'throws',
      () => {
        throw new Error('secret');
      },
    ],
    ['rejects', () => Promise.reject(new Error('secret'))],
    ['rejects with undefined', () => Promise.reject(undefined)],
  ])('answers INTERNAL and reports it when the handler %s', async (_how, say) => {
    const kit = hosted({ say });
    await expect(kit.say().answer).rejects.toMatchObject({ code: StatusCode.INTERNAL, message: 'internal error' });
    expect(kit.internal.length).toBe(1);
    expect((kit.internal[0] as unknown[])[1]).toBe(SAY);
  });

  it('passes on a StatusError, unreported', async () => {
    const error = new StatusError({ code: StatusCode.NOT_FOUND, reason: 'NO', message: 'no' });
    const { internal, say } = hosted({ say: () => Promise.reject(error) });
    await expect(say().answer).rejects.toBe(error);
    expect(internal).toEqual([]);
  });

  it('reports nothing that a handler throws because it was cancelled', async () => {
    const { internal, say } = hosted({
      say: async () => {
        await sleepUntilAborted(currentCall()?.signal).catch(() => undefined);
        throw new Error('gave up');
      },
    });
    const { answer, context } = say();
    context.expire();
    await expect(answer).rejects.toMatchObject({ code: StatusCode.DEADLINE_EXCEEDED });
    await setImmediate();
    expect(internal).toEqual([]);
  });

  it('is cancelled with the call that it is part of', async () => {
    const outer = hosted({ say: () => ok }).say().context;
    const parent = new CallContext({ method: '/a/B', policy: outer.policy, clock: new SimulatedClock() });
    const { say } = hosted({ say: () => new Promise<never>(() => undefined) });
    const { answer } = say({ parent });
    parent.expire();
    await expect(answer).rejects.toBe(parent.cancelReason);
  });
});

describe('ServiceHost, options', () => {
  it('refuses a method that is served twice and a negative queueing time', () => {
    const one = service(compileEcho().definition, { say: unused, repeat: unused, collect: unused, chat: unused });
    expect(() => new ServiceHost({ services: [one, one], clock: new SimulatedClock() })).toThrow(
      `${SAY} is served twice`,
    );
    expect(() => hosted({}, { queueingMsMax: -1 })).toThrow('got -1');
  });

  it('knows only what it serves', () => {
    expect(hosted({}).host.method('/a/B')).toBeUndefined();
  });
});
