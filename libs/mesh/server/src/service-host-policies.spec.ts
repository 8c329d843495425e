import { setImmediate } from 'node:timers/promises';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import type { CallContext } from '@giftmesh/mesh-context';
import { hosted, ok, unused } from './testing/hosted-kit';

describe('ServiceHost, policies', () => {
  it('go around the call from the first to the last, and see its answer', async () => {
    const order: unknown[] = [];
    const around = (name: string) => async (_call: CallContext, next: () => Promise<unknown>) => {
      order.push(`${name} in`);
      const answer = await next();
      order.push([`${name} out`, answer]);
      return answer;
    };
    const { say } = hosted({ say: () => (order.push('handler'), ok) }, { policies: [around('a'), around('b')] });
    await say().answer;
    expect(order).toEqual(['a in', 'b in', 'handler', ['b out', ok], ['a out', ok]]);
  });

  it('see failures as StatusErrors only', async () => {
    const seen: unknown[] = [];
    const { internal, say } = hosted(
      { say: unused },
      { policies: [(_call, next) => next().catch((error: unknown) => Promise.reject((seen.push(error), error)))] },
    );
    const answer: unknown = await say().answer.catch((error: unknown) => error);
    expect([answer === seen[0], answer, internal.length]).toEqual([true, expect.any(StatusError), 1]);
  });

  it('can refuse before the request is decoded', async () => {
    const refusal = new StatusError({ code: StatusCode.RESOURCE_EXHAUSTED, reason: 'OVERLOADED', message: 'full' });
    let decoded = 0;
    const { say } = hosted({ say: () => ok }, { policies: [() => Promise.reject(refusal)] });
    await expect(say({}, () => (decoded += 1)).answer).rejects.toBe(refusal);
    expect(decoded).toBe(0);
  });

  it('do not start a handler for a call that ended while they let it wait', async () => {
    let ran = 0;
    let admit: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      admit = resolve;
    });
    const handlers = { say: () => ((ran += 1), ok), repeat: () => ((ran += 1), unused()) };
    const { say, repeat } = hosted(handlers, { policies: [async (_call, next) => (await gate, next())] });
    const single = say();
    const stream = repeat();
    const ends = [single.answer, stream.answers.next()].map((end) => expect(end).rejects.toMatchObject({ code: 4 }));
    single.context.expire();
    stream.context.expire();
    admit();
    await Promise.all(ends);
    await setImmediate();
    expect(ran).toBe(0);
  });

  it('set trailers, on refusals too', async () => {
    const { say } = hosted(
      { say: unused },
      {
        policies: [
          (call, next) => {
            call.setTrailer('x-level', '7');
            return next();
          },
        ],
      },
    );
    const { context, answer } = say();
    await expect(answer).rejects.toBeInstanceOf(StatusError);
    expect([...context.trailers]).toEqual([['x-level', '7']]);
  });
});
