import { setTimeout as delay } from 'node:timers/promises';
import { Metadata, type ServiceError } from '@grpc/grpc-js';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { currentCall, type ServerPolicy } from '@giftmesh/mesh-context';
import { serverInterceptor } from './index';
import { clientTo, closeAll, failureOf, KINDS, notes, plainServer, single, stream, until } from './testing/kit';

afterEach(closeAll);

const refusal = new StatusError({
  code: StatusCode.RESOURCE_EXHAUSTED,
  reason: 'OVERLOADED',
  message: 'not now',
  metadata: { level: '7' },
});
const refusing: ServerPolicy = {
  name: 'refusing',
  begin: (call) => {
    call.setTrailer('x-mesh-level', '7');
    throw refusal;
  },
};
const never = (): never => {
  throw new Error('the handler must not run');
};

describe.each(KINDS)('a %s call', (_kind, call) => {
  it('goes through the policies, the first outermost, and reaches the handler', async () => {
    const log: string[] = [];
    const around: ServerPolicy = {
      name: 'around',
      around: async (_call, next) => {
        log.push('in');
        const answer = await next();
        log.push('out');
        return answer;
      },
    };
    const port = await plainServer({}, { policies: [notes(log), around] });
    expect(await call(clientTo(port, null))).toBe('ab');
    await until(() => log.length === 4);
    expect(log).toEqual([expect.stringMatching(/^begin /), 'in', 'out', 'end ok']);
  });

  it('is refused with details and trailers, and its handler never runs', async () => {
    const log: string[] = [];
    const handlers = { say: never, repeat: never, collect: never, chat: never };
    const port = await plainServer(handlers, { policies: [notes(log), refusing] });
    const failure = await failureOf(call(clientTo(port, null)));
    expect(failure).toMatchObject({ code: 8, reason: 'OVERLOADED', message: 'not now', metadata: { level: '7' } });
    expect((failure.cause as ServiceError).metadata.get('x-mesh-level')).toEqual(['7']);
    expect(log).toEqual([expect.stringMatching(/^begin /), 'end OVERLOADED']);
  });

  it('is refused by a look at its metadata, without a context', async () => {
    const log: string[] = [];
    const early: ServerPolicy = {
      name: 'early',
      early: {
        active: () => true,
        refusal: ({ metadata }) =>
          metadata.get('x-cheap') === undefined
            ? undefined
            : { error: refusal, trailers: new Map([['x-mesh-level', '9']]) },
      },
    };
    const port = await plainServer({}, { policies: [early, notes(log)] });
    const client = clientTo(port, null);
    const cheap = new Metadata();
    cheap.set('x-cheap', '1');
    const failure = await failureOf(call(client, cheap));
    expect(failure.reason).toBe('OVERLOADED');
    expect((failure.cause as ServiceError).metadata.get('x-mesh-level')).toEqual(['9']);
    expect(log).toEqual([]);
    expect(await call(client)).toBe('ab');
  });

  it('may wait in a policy, and carries trailers home with a good answer', async () => {
    const patient: ServerPolicy = {
      name: 'patient',
      begin: () => delay(10).then(() => undefined),
      end: (context) => context.setTrailer('x-mesh-level', '3'),
    };
    const port = await plainServer({}, { policies: [patient] });
    let trailers: string | undefined;
    const client = clientTo(port, {
      policies: [{ name: 't', end: (out) => void (trailers = out.trailers?.get('x-mesh-level')) }],
    });
    expect(await call(client)).toBe('ab');
    expect(trailers).toBe('3');
  });

  it('is let be when its metadata is malformed', async () => {
    const metadata = new Metadata();
    metadata.set('x-deadline-unix-ms', 'soon');
    metadata.set('grpc-retry-pushback-ms', 'never');
    metadata.set('traceparent', '00-zz');
    const port = await plainServer({}, { policies: [notes([])] });
    expect(await call(clientTo(port, null), metadata)).toBe('ab');
  });
});

describe('a plain handler', () => {
  it('finds its call, from anywhere and in every callback', async () => {
    const seen: (string | undefined)[] = [];
    const note = (): void => void seen.push(currentCall()?.metadata.get('x-who'));
    const port = await plainServer({
      collect: (call, callback) => {
        note();
        call.on('data', note);
        call.on('end', () => {
          note();
          setTimeout(() => {
            note();
            callback(null, { text: '', index: 0 });
          }, 1);
        });
      },
    });
    const metadata = new Metadata();
    metadata.set('x-who', 'ann');
    await single(clientTo(port, null), 'collect', [{ text: 'a' }], { metadata });
    expect(seen).toEqual(['ann', 'ann', 'ann', 'ann']);
  });

  it('that throws or fails is told to the policies, and its own trailers stay', async () => {
    const log: string[] = [];
    const trailer = new Metadata();
    trailer.set('x-own', '1');
    const port = await plainServer(
      {
        say: () => {
          throw new Error('oops');
        },
        collect: (_call, callback) => callback({ code: 5, details: 'no such thing', metadata: trailer }),
        repeat: (call) => void call.emit('error', { code: 9, details: 'not like this' }),
      },
      { policies: [notes(log), { name: 'around', around: (_call, next) => next() }] },
    );
    const client = clientTo(port, null);
    expect(await failureOf(single(client, 'say', { text: '' }))).toMatchObject({ code: 2 });
    const failure = await failureOf(single(client, 'collect', []));
    expect(failure).toMatchObject({ code: 5, message: 'no such thing' });
    expect((failure.cause as ServiceError).metadata.get('x-own')).toEqual(['1']);
    expect(await failureOf(stream(client, 'repeat', {}))).toMatchObject({ code: 9, message: 'not like this' });
    expect(log.filter((line) => line.startsWith('end'))).toEqual([
      'end UNKNOWN',
      'end NOT_FOUND',
      'end FAILED_PRECONDITION',
    ]);
  });

  it('may give a StatusError to grpc-js, which could not send it', async () => {
    const error = new StatusError({ code: 7, reason: 'NOT_YOURS', message: 'no', metadata: { whose: 'hers' } });
    const port = await plainServer({
      say: (_call, callback) => callback(error as unknown as ServiceError),
      repeat: (call) => void call.emit('error', error),
    });
    const client = clientTo(port, null);
    const expected = { code: 7, message: 'no', reason: 'PERMISSION_DENIED', metadata: { whose: 'hers' } };
    expect(await failureOf(single(client, 'say', {}))).toMatchObject(expected);
    expect(await failureOf(stream(client, 'repeat', {}))).toMatchObject(expected);
  });
});

describe('policies with an around', () => {
  it('replace answers and errors', async () => {
    const replacing: ServerPolicy = {
      name: 'replacing',
      around: async (_call, next) => {
        try {
          const { text } = (await next()) as { text: string };
          return { text: `${text}!`, index: 1 };
        } catch {
          throw refusal;
        }
      },
    };
    const port = await plainServer(
      {
        say: (call, callback) =>
          call.request.text === ''
            ? callback({ code: 13, details: 'broken' })
            : callback(null, { text: 'hi', index: 0 }),
      },
      { policies: [replacing] },
    );
    const client = clientTo(port, null);
    expect(await single(client, 'say', { text: 'x' })).toMatchObject({ text: 'hi!', index: 1 });
    expect(await failureOf(single(client, 'say', { text: '' }))).toMatchObject({ reason: 'OVERLOADED' });
  });

  it('answer without the handler', async () => {
    const answering: ServerPolicy = { name: 'a', around: () => Promise.resolve({ text: 'cached', index: 5 }) };
    const port = await plainServer({ say: never, repeat: never }, { policies: [answering] });
    const client = clientTo(port, null);
    expect(await single(client, 'say', {})).toMatchObject({ text: 'cached', index: 5 });
    expect(await stream(client, 'repeat', {})).toEqual([]);
  });

  it('that throw anything become INTERNAL, which is reported and not shown', async () => {
    const thrown: unknown[] = [];
    const port = await plainServer(
      {},
      {
        policies: [
          {
            name: 'bad',
            around: () => {
              throw new TypeError('secret');
            },
          },
        ],
        onInternalError: (error, method) => thrown.push([String(error), method]),
      },
    );
    expect(await failureOf(single(clientTo(port, null), 'say', {}))).toMatchObject({
      code: 13,
      message: 'internal error',
    });
    expect(thrown).toEqual([['TypeError: secret', '/mesh.testing.v1.Echo/Say']]);
  });
});

describe('serverInterceptor', () => {
  it('lets exempt methods be', async () => {
    const port = await plainServer({}, { policies: [refusing], exempt: (path) => path.endsWith('/Say') });
    const client = clientTo(port, null);
    expect(await single(client, 'say', { text: 'x' })).toMatchObject({ text: 'x' });
    expect(await failureOf(stream(client, 'repeat', {}))).toMatchObject({ reason: 'OVERLOADED' });
  });

  it('refuses a limit that is none', () => {
    expect(() => serverInterceptor({ errorDomain: 'x', queueingMsMax: -1 })).toThrow(
      'queueingMsMax must be 0 or more, got -1',
    );
  });
});
