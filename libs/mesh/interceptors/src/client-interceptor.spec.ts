import { Metadata, type ServiceError } from '@grpc/grpc-js';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { CallContext, callCancelled, runInCall, type ClientPolicy } from '@giftmesh/mesh-context';
import { systemClock } from '@giftmesh/kernel-time';
import { undeclaredPolicy } from '@giftmesh/mesh-policy';
import { createMeshServer } from '@giftmesh/mesh-server';
import { clientInterceptor } from './index';
import { clientTo, closeAll, failureOf, KINDS, notes, plainServer, single, stream, until } from './testing/kit';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

afterEach(closeAll);

const open = new StatusError({ code: StatusCode.UNAVAILABLE, reason: 'CIRCUIT_OPEN', message: 'not now' });
const refusing: ClientPolicy = {
  name: 'refusing',
  begin: () => {
    throw open;
  },
};

/** Tries again, up to three times, each try a call of its own. */
function retrying(log: string[] = []): ClientPolicy {
  return {
    name: 'retrying',
    call: async (call, next) => {
      for (let tries = 1; ; tries += 1) {
        const attempt = call.attempt(1_000);
        attempt.setMetadata('x-try', String(tries));
        try {
          const answer = await next(attempt);
          log.push(`try ${tries} ok from ${attempt.peer === undefined ? 'nobody' : 'a peer'}`);
          return answer;
        } catch (error) {
          log.push(`try ${tries} ${(error as StatusError).reason}`);
          if (tries === 3) throw error;
        } finally {
          attempt.finish();
        }
      }
    },
    stream: async function* (call, next) {
      for (let tries = 1; ; tries += 1) {
        let told = 0;
        try {
          for await (const answer of next(call)) {
            told += 1;
            yield answer;
          }
          return;
        } catch (error) {
          log.push(`try ${tries} ${(error as StatusError).reason}`);
          if (told > 0 || tries === 3) throw error;
        }
      }
    },
  };
}

describe.each(KINDS)('a %s call', (kind, call) => {
  it('goes through begin and end, with trailers and peer', async () => {
    const log: string[] = [];
    const port = await plainServer({}, { policies: [{ name: 't', end: (context) => context.setTrailer('x-t', '1') }] });
    const observer: ClientPolicy = {
      name: 'observer',
      begin: (out) => out.setMetadata('x-who', 'ann'),
      end: (out, error) =>
        void log.push(`${error?.reason} ${out.trailers?.get('x-t')} ${out.peer === `127.0.0.1:${port}`}`),
    };
    const client = clientTo(port, { policies: [notes(log), observer] });
    expect(await call(client)).toBe('ab');
    expect(log).toEqual([expect.stringMatching(/^begin /), 'undefined 1 true', 'end ok']);
  });

  it('is refused without a call, with the details of the refusal', async () => {
    const log: string[] = [];
    let calls = 0;
    const port = await plainServer({}, { policies: [{ name: 'c', begin: () => void (calls += 1) }] });
    const client = clientTo(port, { policies: [notes(log), refusing] });
    expect(await failureOf(call(client))).toMatchObject({ code: 14, reason: 'CIRCUIT_OPEN', message: 'not now' });
    expect([calls, ...log]).toEqual([0, expect.stringMatching(/^begin /), 'end CIRCUIT_OPEN']);
  });

  it('fails at once when nothing is left to the call that makes it', async () => {
    const client = clientTo(1);
    const parent = new CallContext({
      method: '/a.B/C',
      policy: undeclaredPolicy({ requestStream: false, responseStream: false }),
      clock: systemClock,
      deadlineMs: systemClock.monotonicMs() + 4,
    });
    const failure = await runInCall(parent, () => failureOf(call(client)));
    expect(failure).toMatchObject({ code: 4, reason: 'DEADLINE_EXCEEDED' });
  });

  it('meets a server without any of this', async () => {
    expect(await call(clientTo(await plainServer({}, null), { policies: [retrying()] }))).toBe('ab');
  });

  it('ends with the call that it is part of', async () => {
    const log: string[] = [];
    const hang = (): void => undefined;
    const port = await plainServer({ say: hang, repeat: hang, collect: hang, chat: hang }, { policies: [notes(log)] });
    const policies = kind === 'unary' || kind === 'server stream' ? [retrying()] : [];
    const client = clientTo(port, { policies });
    const policy = undeclaredPolicy({ requestStream: false, responseStream: false });
    const parent = new CallContext({ method: '/a.B/C', policy, clock: systemClock });
    const failing = runInCall(parent, () => failureOf(call(client)));
    await until(() => log.length === 1);
    parent.cancel(callCancelled('/a.B/C'));
    expect(await failing).toMatchObject({ code: 1, reason: 'CANCELLED' });
    await until(() => log.length === 2);
    expect(log[1]).toBe('end CANCELLED');
  });
});

describe('policies that repeat', () => {
  it('send a unary request again, each try with what the policy sets', async () => {
    const tries: unknown[] = [];
    const port = await plainServer({
      say: (call, callback) => {
        tries.push([call.request.text, ...call.metadata.get('x-try'), call.getDeadline() !== Infinity]);
        if (tries.length < 3) callback({ code: 14, details: 'not yet' });
        else callback(null, { text: 'at last', index: 0 });
      },
    });
    const log: string[] = [];
    const client = clientTo(port, { policies: [notes(log), retrying(log)] });
    expect(await single(client, 'say', { text: 'hi' })).toMatchObject({ text: 'at last' });
    expect(tries).toEqual([1, 2, 3].map((nth) => ['hi', String(nth), true]));
    expect(log).toEqual(['begin Say', 'try 1 UNAVAILABLE', 'try 2 UNAVAILABLE', 'try 3 ok from a peer', 'end ok']);
  });

  it('give the caller what the last one was told, trailers included', async () => {
    const port = await plainServer({
      say: (call, callback) => {
        const metadata = new Metadata();
        metadata.set('x-own', String(call.metadata.get('x-try')[0]));
        callback({ code: 9, details: 'never', metadata });
      },
    });
    const failure = await failureOf(single(clientTo(port, { policies: [retrying()] }), 'say', {}));
    expect(failure).toMatchObject({ code: 9, message: 'never' });
    expect((failure.cause as ServiceError).metadata.get('x-own')).toEqual(['3']);
  });

  it('open a stream of answers again, and hand it on as it is asked for', async () => {
    let calls = 0;
    const port = await plainServer({
      repeat: (call) => {
        calls += 1;
        if (calls === 1) return void call.emit('error', { code: 14, details: 'not yet' });
        for (let index = 0; index < 50; index += 1) call.write({ text: 'x', index });
        call.end();
      },
    });
    const answers = await stream(clientTo(port, { policies: [retrying()] }), 'repeat', {});
    expect([calls, answers.length, answers[49]?.index]).toEqual([2, 50, 49]);
  });

  it('do not open a stream again that has begun', async () => {
    const port = await plainServer({
      repeat: (call) => {
        call.write({ text: 'x', index: 0 });
        call.emit('error', { code: 14, details: 'broken off' });
      },
    });
    const failure = await failureOf(stream(clientTo(port, { policies: [retrying()] }), 'repeat', {}));
    expect(failure).toMatchObject({ code: 14, message: 'broken off', answers: [{ index: 0 }] });
  });

  it('answer by themselves', async () => {
    const cached: ClientPolicy = { name: 'cached', call: () => Promise.resolve({ text: 'old', index: 1 }) };
    expect(await single(clientTo(1, { policies: [cached] }), 'say', {})).toEqual({ text: 'old', index: 1 });
  });

  it('let an endless stream wait for its reader, and end it when the reader leaves', async () => {
    const log: string[] = [];
    let written = 0;
    const port = await plainServer(
      {
        repeat: (call) => {
          const write = (): void => {
            while (!call.cancelled && call.write({ text: 'x'.repeat(1_000), index: written++ }));
            if (!call.cancelled) call.once('drain', write);
          };
          write();
        },
      },
      { policies: [notes(log)] },
    );
    const call = clientTo(port, { policies: [retrying()] })['repeat']({ text: '' });
    call.on('error', () => undefined);
    let read = 0;
    await new Promise<void>((resolve) => {
      call.on('data', () => {
        read += 1;
        if (read !== 10) return;
        call.pause();
        resolve();
      });
    });
    let last = -1;
    await until(() => {
      const stands = written === last;
      last = written;
      return stands;
    });
    expect(written).toBeLessThan(2_000);
    call.cancel();
    await until(() => log.length === 2);
    expect(log[1]).toBe('end CANCELLED');
  });
});

describe('deadlines', () => {
  it('are the shortest of the caller’s, the method’s and what is left to the call it serves', async () => {
    const remaining: number[] = [];
    const port = await plainServer({
      say: (call, callback) => {
        remaining.push(Number(call.getDeadline()) - Date.now());
        callback(null, { text: '', index: 0 });
      },
    });
    const policy = { ...undeclaredPolicy({ requestStream: false, responseStream: false }), deadlineMs: 2_000 };
    const client = clientTo(port, { methodPolicies: new Map([['/mesh.testing.v1.Echo/Say', policy]]) });
    await single(client, 'say', {}, { deadlineMs: 60_000 });
    await single(client, 'say', {}, { deadlineMs: 500 });
    const deadlineMs = systemClock.monotonicMs() + 300;
    const parent = new CallContext({ method: '/a.B/C', policy, clock: systemClock, deadlineMs });
    await runInCall(parent, () => single(client, 'say', {}));
    const [method, own, left] = remaining as [number, number, number];
    expect(method).toBeGreaterThan(1_000);
    expect(method).toBeLessThanOrEqual(2_001);
    expect(own).toBeLessThanOrEqual(501);
    expect(left).toBeLessThanOrEqual(297);
  });

  it('end a call whose policy would go on', async () => {
    const port = await plainServer({ say: () => undefined });
    const stubborn: ClientPolicy = { name: 'stubborn', call: () => new Promise(() => undefined) };
    const client = clientTo(port, { policies: [stubborn] });
    expect(await failureOf(single(client, 'say', {}, { deadlineMs: 50 }))).toMatchObject({ code: 4 });
  });
});

describe('with the mesh’s own server', () => {
  it('is told of a method that is not served', async () => {
    const server = createMeshServer({ services: [], errorDomain: 'echo.test' });
    const port = await server.listen('127.0.0.1:0');
    const client = clientTo(port);
    expect(await failureOf(single(client, 'say', {}))).toMatchObject({ code: 12 });
    await server.close();
  });
});

it('refuses a reserve that is none', () => {
  expect(() => clientInterceptor({ reserveMs: -1 })).toThrow('reserveMs must be 0 or more, got -1');
});
