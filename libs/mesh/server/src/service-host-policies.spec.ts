import { setImmediate } from 'node:timers/promises';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import type { CallContext, ServerPolicy } from '@giftmesh/mesh-context';
import { arounds, hosted, ok, REPEAT, SAY, unused } from './testing/hosted-kit';

describe('ServiceHost, policies', () => {
  it('go around the call from the first to the last, and see its answer', async () => {
    const order: unknown[] = [];
    const around = (name: string) => async (_call: CallContext, next: () => Promise<unknown>) => {
      order.push(`${name} in`);
      const answer = await next();
      order.push([`${name} out`, answer]);
      return answer;
    };
    const { say } = hosted({ say: () => (order.push('handler'), ok) }, { policies: arounds(around('a'), around('b')) });
    await say().answer;
    expect(order).toEqual(['a in', 'b in', 'handler', ['b out', ok], ['a out', ok]]);
  });

  it('see failures as StatusErrors only', async () => {
    const seen: unknown[] = [];
    const { internal, say } = hosted(
      { say: unused },
      {
        policies: arounds((_call, next) => next().catch((error: unknown) => Promise.reject((seen.push(error), error)))),
      },
    );
    const answer: unknown = await say().answer.catch((error: unknown) => error);
    expect([answer === seen[0], answer, internal.length]).toEqual([true, expect.any(StatusError), 1]);
  });

  it('can refuse before the request is decoded', async () => {
    const refusal = new StatusError({ code: StatusCode.RESOURCE_EXHAUSTED, reason: 'OVERLOADED', message: 'full' });
    let decoded = 0;
    const { say } = hosted({ say: () => ok }, { policies: arounds(() => Promise.reject(refusal)) });
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
    const { say, repeat } = hosted(handlers, { policies: arounds(async (_call, next) => (await gate, next())) });
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
        policies: arounds((call, next) => {
          call.setTrailer('x-level', '7');
          return next();
        }),
      },
    );
    const { context, answer } = say();
    await expect(answer).rejects.toBeInstanceOf(StatusError);
    expect([...context.trailers]).toEqual([['x-level', '7']]);
  });

  it('begin and end around calls and streams, whatever becomes of them', async () => {
    const events: string[] = [];
    const policies: ServerPolicy[] = [
      {
        name: 'seen',
        begin: (call) => void events.push(`begin ${call.method}`),
        end: (call, error) => {
          events.push(`end ${error?.reason ?? 'ok'}`);
          call.setTrailer('x-end', error?.reason ?? 'ok');
        },
      },
    ];
    async function* two() {
      yield ok;
      yield ok;
    }
    const { say, repeat } = hosted({ say: () => ok, repeat: two }, { policies });
    const single = say();
    await single.answer;
    expect([single.context.trailers.get('x-end'), events.splice(0)]).toEqual(['ok', [`begin ${SAY}`, 'end ok']]);
    const { answers } = repeat();
    for await (const answer of answers) expect(answer).toBe(ok);
    expect(events.splice(0)).toEqual([`begin ${REPEAT}`, 'end ok']);
    const left = repeat();
    await left.answers.next();
    await left.answers.return?.();
    expect(events.splice(0)).toEqual([`begin ${REPEAT}`, 'end CANCELLED']);
    const failing = hosted({ say: unused, repeat: unused }, { policies });
    await expect(failing.say().answer).rejects.toBeInstanceOf(StatusError);
    await expect(failing.repeat().answers.next()).rejects.toBeInstanceOf(StatusError);
    expect(events).toEqual([`begin ${SAY}`, 'end INTERNAL', `begin ${REPEAT}`, 'end INTERNAL']);
  });
});
