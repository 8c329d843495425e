import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { CallContext, callCancelled, Passage, type ServerPolicy } from './index';

const refusal = new StatusError({ code: StatusCode.RESOURCE_EXHAUSTED, reason: 'FULL', message: 'full' });

function setup(answers: Record<string, () => void | Promise<void>>) {
  const events: string[] = [];
  const policies = Object.entries(answers).map(([name, begin]): ServerPolicy => {
    return {
      name,
      begin: () => {
        events.push(`begin ${name}`);
        return begin();
      },
      end: (_call, error) => void events.push(`end ${name} ${error?.reason ?? 'ok'}`),
    };
  });
  const policy = {
    deadlineMs: undefined,
    priority: 0,
    idempotency: 'unknown',
    requestStream: false,
    responseStream: false,
  } as const;
  const call = new CallContext({ method: '/a.B/C', policy, clock: new SimulatedClock() });
  return { events, call, passage: new Passage(policies, call) };
}
const pass = (): void => undefined;

describe('Passage', () => {
  it('begins from the outside and ends from the inside, without a promise when nobody waits', () => {
    const { events, passage } = setup({ a: pass, b: pass });
    expect(passage.enter()).toBeUndefined();
    passage.leave(undefined);
    passage.leave(refusal);
    expect(events).toEqual(['begin a', 'begin b', 'end b ok', 'end a ok']);
  });

  it('tells the end of a refused call to those that had let it in only', () => {
    const { events, passage } = setup({
      a: pass,
      b: () => {
        throw refusal;
      },
      c: pass,
    });
    expect(() => passage.enter()).toThrow(refusal);
    passage.leave(refusal);
    expect(events).toEqual(['begin a', 'begin b', 'end a FULL']);
  });

  it('goes on with the policies after one that let the call wait', async () => {
    const { events, passage } = setup({ a: () => Promise.resolve(), b: pass, c: () => Promise.reject(refusal) });
    await expect(passage.enter()).rejects.toBe(refusal);
    passage.leave(refusal);
    expect(events).toEqual(['begin a', 'begin b', 'begin c', 'end b FULL', 'end a FULL']);
  });

  it('takes back what a policy gave to a call that had ended meanwhile', async () => {
    let admit: () => void = pass;
    const gate = new Promise<void>((resolve) => {
      admit = resolve;
    });
    const { events, call, passage } = setup({ a: pass, b: () => gate, c: pass });
    const entered = passage.enter();
    passage.leave(callCancelled(call.method));
    expect(events).toEqual(['begin a', 'begin b', 'end a CANCELLED']);
    admit();
    await entered;
    expect(events.slice(3)).toEqual(['end b CANCELLED']);
  });

  it('tells that a handler has ended with the end of its call, or later when it goes on', () => {
    for (const goesOn of [false, true]) {
      const events: string[] = [];
      const policy: ServerPolicy = {
        name: 'a',
        end: () => void events.push('end'),
        done: () => void events.push('done'),
      };
      const { call } = setup({});
      const passage = new Passage([policy], call);
      expect(passage.enter()).toBeUndefined();
      passage.leave(refusal, goesOn);
      expect(events).toEqual(goesOn ? ['end'] : ['end', 'done']);
      passage.done();
      expect(events).toEqual(['end', 'done']);
    }
  });
});
