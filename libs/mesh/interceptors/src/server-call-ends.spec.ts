import { setTimeout as delay } from 'node:timers/promises';
import { Metadata } from '@grpc/grpc-js';
import { currentCall, DrainNotice, type ServerPolicy } from '@giftmesh/mesh-context';
import { clientTo, closeAll, failureOf, notes, plainServer, single, stream, until } from './testing/kit';

afterEach(closeAll);

const never = (): never => {
  throw new Error('the handler must not run');
};

describe('the end of a call', () => {
  it('comes to handler and policies when the client gives up', async () => {
    const log: string[] = [];
    let reason: unknown;
    const port = await plainServer(
      { repeat: () => void currentCall()?.onCancel((why) => (reason = why.reason)) },
      { policies: [notes(log)] },
    );
    const call = clientTo(port, null)['repeat']({ text: '' });
    call.on('error', () => undefined);
    await until(() => log.length === 1);
    await delay(20);
    call.cancel();
    await until(() => log.length === 2);
    expect([log[1], reason]).toEqual(['end CANCELLED', 'CANCELLED']);
  });

  it('comes by its own deadline, and by the method’s where that is shorter', async () => {
    const log: string[] = [];
    const policy = {
      deadlineMs: 60,
      priority: 0,
      idempotency: 'unknown',
      requestStream: false,
      responseStream: false,
    } as const;
    const port = await plainServer(
      { say: () => undefined, repeat: () => undefined },
      { policies: [notes(log)], methodPolicies: new Map([['/mesh.testing.v1.Echo/Say', policy]]) },
    );
    const client = clientTo(port, null);
    const expected = { code: 4 };
    expect(await failureOf(single(client, 'say', {}))).toMatchObject({ ...expected, reason: 'DEADLINE_EXCEEDED' });
    expect(await failureOf(stream(client, 'repeat', {}, { deadlineMs: 60 }))).toMatchObject(expected);
    await until(() => log.length === 4);
    expect(log.filter((line) => line.startsWith('end'))).toEqual(['end DEADLINE_EXCEEDED', 'end DEADLINE_EXCEEDED']);
  });

  it('comes at once for a call whose stamp says that it is too late', async () => {
    const log: string[] = [];
    const port = await plainServer({ say: never }, { policies: [notes(log)] });
    const metadata = new Metadata();
    metadata.set('x-deadline-unix-ms', String(Date.now() - 1));
    const failure = await failureOf(single(clientTo(port, null), 'say', {}, { metadata, deadlineMs: 2_000 }));
    expect(failure).toMatchObject({ code: 4, reason: 'DEADLINE_EXCEEDED' });
    expect(log).toEqual([]);
  });

  it('comes while a policy lets it wait, and gives back what the policy gave', async () => {
    const log: string[] = [];
    const waiting: ServerPolicy = {
      ...notes(log),
      begin: (call) => {
        log.push('begin');
        return new Promise((resolve) => call.onCancel(() => resolve()));
      },
    };
    const port = await plainServer({ say: never }, { policies: [waiting] });
    expect(await failureOf(single(clientTo(port, null), 'say', {}, { deadlineMs: 50 }))).toMatchObject({
      code: 4,
    });
    await until(() => log.length === 2);
    expect(log).toEqual(['begin', 'end DEADLINE_EXCEEDED']);
  });

  it('is asked for by a drain', async () => {
    const drainNotice = new DrainNotice();
    const port = await plainServer(
      { repeat: (call) => currentCall()?.draining.addEventListener('abort', () => call.end()) },
      { drainNotice },
    );
    const answers = stream(clientTo(port, null), 'repeat', {});
    await delay(50);
    drainNotice.announce();
    expect(await answers).toEqual([]);
  });
});
