import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { createClient, inProcessTransport } from '@giftmesh/mesh-client';
import type { ClientPolicy } from '@giftmesh/mesh-context';
import { compileEcho, HANG } from '@giftmesh/mesh-server/testing';
import { traceOf, tracingAttemptPolicy, tracingClientPolicy, tracingServerPolicy, TraceSampler } from './index';
import { clientOf, closeAll, ECHO, recorder, serve, until } from './testing/tracing-kit';

const SAY = `${ECHO}/Say`;
const { SERVER, CLIENT } = SpanKind;

afterEach(closeAll);

/** a calls b calls c, and each tells which trace it is in. */
async function threeHops(recordedByFirst: number) {
  const kept = recorder();
  const seen: (string | undefined)[] = [];
  const note = (): void => void seen.push(traceOf()?.traceId);
  // Only the first decides; the others would record nothing, or all, on their own.
  const others = kept.tracing(1 - recordedByFirst);
  const c = await serve({ say: (request) => (note(), { text: request.text, index: 3 }) }, others.server);
  const toC = clientOf(c, others.client);
  const b = await serve({ say: (request) => (note(), toC.say(request)) }, others.server);
  const toB = clientOf(b, others.client);
  const first = kept.tracing(recordedByFirst);
  const a = await serve({ say: (request) => (note(), toB.say(request)) }, first.server);
  return { kept, seen, toA: clientOf(a) };
}

describe('tracing', () => {
  it('keeps one trace over three hops, each span the child of the one before', async () => {
    const { kept, seen, toA } = await threeHops(1);
    expect(await toA.say({ text: 'x' })).toMatchObject({ text: 'x', index: 3 });
    const chain = kept.spans();
    expect(chain.map(({ kind }) => kind)).toEqual([SERVER, CLIENT, SERVER, CLIENT, SERVER]);
    const traceIds = new Set(chain.map((span) => span.spanContext().traceId));
    expect([...traceIds]).toEqual([...new Set(seen)]);
    expect(traceIds.size).toBe(1);
    // They end from the innermost to the outermost.
    chain.forEach((span, index) => {
      expect(span.parentSpanContext?.spanId).toBe(chain[index + 1]?.spanContext().spanId);
      expect(span.name).toBe(SAY);
      expect(span.attributes).toMatchObject({
        'rpc.system.name': 'grpc',
        'rpc.method': SAY,
        'rpc.response.status_code': 'OK',
      });
      expect(span.status.code).toBe(SpanStatusCode.UNSET);
    });
    const [, client] = chain;
    expect(client?.attributes).toMatchObject({ 'server.address': '127.0.0.1', 'server.port': expect.any(Number) });
  });

  it('records nothing of a call that was not sampled at its beginning, whatever the ratio further on', async () => {
    const { kept, seen, toA } = await threeHops(0);
    await toA.say({ text: 'x' });
    expect(kept.spans()).toEqual([]);
    // It has one id all the same, for logs.
    expect([seen.length, new Set(seen).size, seen[0]]).toEqual([3, 1, expect.stringMatching(/^[0-9a-f]{32}$/)]);
  });

  it('goes on with a trace that a plain client began, and passes on its tracestate', async () => {
    const kept = recorder();
    const { server, client } = kept.tracing(0);
    let state: string | undefined;
    const inner = await serve({ say: () => ((state = traceOf()?.traceState), { text: '', index: 0 }) }, server);
    const toInner = clientOf(inner, client);
    const outer = await serve({ say: (request) => toInner.say(request) }, server);
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await clientOf(outer).say({ text: 'x' }, { metadata: { traceparent, tracestate: 'vendor=1, other=2' } });
    expect(kept.spans().map((span) => span.spanContext().traceId)).toEqual(
      Array.from({ length: 3 }, () => '4bf92f3577b34da6a3ce929d0e0e4736'),
    );
    expect(kept.spans().at(-1)?.parentSpanContext).toMatchObject({ spanId: '00f067aa0ba902b7', isRemote: true });
    expect(state).toBe('vendor=1,other=2');
  });

  it('passes on what is not recorded as it came', async () => {
    const kept = recorder();
    const { server, client } = kept.tracing(1);
    let got: string | undefined;
    const inner = await serve({ say: () => ((got = traceOf()?.traceParent), { text: '', index: 0 }) }, server);
    const toInner = clientOf(inner, client);
    const outer = await serve({ say: (request) => toInner.say(request) }, server);
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00';
    await clientOf(outer).say({ text: 'x' }, { metadata: { traceparent } });
    expect([got, kept.spans()]).toEqual([traceparent, []]);
  });

  it('begins a trace of its own where it trusts nobody, and links to the other', async () => {
    const kept = recorder();
    const server = await serve({}, kept.tracing(1, false).server);
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await clientOf(server).say({ text: 'x' }, { metadata: { traceparent } });
    const span = kept.span(SERVER, SAY);
    expect(span.spanContext().traceId).not.toBe('4bf92f3577b34da6a3ce929d0e0e4736');
    expect([span.parentSpanContext, span.links.map((link) => link.context.spanId)]).toEqual([
      undefined,
      ['00f067aa0ba902b7'],
    ]);
  });

  it('does not let a stranger decide what is recorded', async () => {
    const kept = recorder();
    const server = await serve({}, kept.tracing(0, false).server);
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await clientOf(server).say({ text: 'x' }, { metadata: { traceparent } });
    expect(kept.spans()).toEqual([]);
  });

  it('ignores and counts headers that are malformed', async () => {
    const kept = recorder();
    const decisions: string[] = [];
    const policy = tracingServerPolicy({
      tracer: kept.tracer,
      ids: kept.ids,
      sampler: new TraceSampler({ ratio: 1 }),
      onDecision: (name, decision) => decisions.push(`${name} ${decision}`),
    });
    const client = clientOf(await serve({}, policy));
    await client.say({ text: 'x' }, { metadata: { traceparent: 'rubbish' } });
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await client.say({ text: 'x' }, { metadata: { traceparent, tracestate: '=,=' } });
    expect(decisions).toEqual(['tracing malformed', 'tracing recorded', 'tracing malformed', 'tracing recorded']);
    expect(kept.spans().map((span) => span.parentSpanContext?.spanId)).toEqual([undefined, '00f067aa0ba902b7']);
    expect(policy.state?.()).toEqual({ ratio: 1, methods: 0, recorded: 2, malformed: 2 });
  });

  it('tells failures by their code and reason, and nothing that may be secret', async () => {
    const kept = recorder();
    const { server, client } = kept.tracing(1);
    const toServer = clientOf(
      await serve(
        {
          say: ({ text }) => {
            if (text === 'oops') throw new Error('password=hunter2');
            throw new StatusError({
              code: StatusCode.NOT_FOUND,
              reason: 'NO_SUCH_THING',
              message: 'of Jane Doe',
            });
          },
        },
        server,
      ),
      client,
    );
    await expect(toServer.say({ text: 'x' })).rejects.toMatchObject({ reason: 'NO_SUCH_THING' });
    await expect(toServer.say({ text: 'oops' })).rejects.toMatchObject({ code: StatusCode.INTERNAL });
    const [callee, caller, brokenCallee] = kept.spans();
    // The caller's fault is no error of the server.
    expect([callee?.status.code, callee?.attributes]).toEqual([
      SpanStatusCode.UNSET,
      {
        'rpc.system.name': 'grpc',
        'rpc.method': SAY,
        'rpc.response.status_code': 'NOT_FOUND',
        'mesh.error.reason': 'NO_SUCH_THING',
      },
    ]);
    expect([caller?.status.code, caller?.attributes['error.type']]).toEqual([SpanStatusCode.ERROR, 'NOT_FOUND']);
    expect([brokenCallee?.status.code, brokenCallee?.attributes['error.type']]).toEqual([
      SpanStatusCode.ERROR,
      'INTERNAL',
    ]);
    const all = JSON.stringify(kept.spans().map(({ attributes, events, status }) => [attributes, events, status]));
    expect(all).not.toMatch(/hunter2|Jane/);
  });

  it('covers streams until their end, left and cancelled ones too', async () => {
    const kept = recorder();
    const { server, client } = kept.tracing(1);
    const toServer = clientOf(await serve({}, server), client);
    const answers: unknown[] = [];
    for await (const answer of toServer.repeat({ text: 'x', times: 3 })) answers.push(answer);
    expect([answers.length, kept.spans().length]).toEqual([3, 2]);
    for await (const answer of toServer.repeat({ text: 'x', times: 0 })) {
      expect(answer.index).toBe(0);
      break;
    }
    await until(() => kept.spans().length === 4);
    expect(kept.spans().map(({ attributes }) => attributes['rpc.response.status_code'])).toEqual([
      'OK',
      'OK',
      'CANCELLED',
      'CANCELLED',
    ]);
    await expect(toServer.say({ text: 'x', behaviour: HANG }, { timeoutMs: 30 })).rejects.toMatchObject({
      code: StatusCode.DEADLINE_EXCEEDED,
    });
    await until(() => kept.spans().length === 6);
    const late = kept.spans().slice(4);
    expect(late.map(({ attributes }) => attributes['rpc.response.status_code'])).toEqual(
      late.map(() => 'DEADLINE_EXCEEDED'),
    );
  });

  it('has a span for each attempt inside of that of the call', async () => {
    const kept = recorder();
    const { server, client } = kept.tracing(1);
    let tries = 0;
    const retry: ClientPolicy = {
      name: 'retry',
      call: (call, next) => next(call.attempt()).catch(() => next(call.attempt())),
    };
    const echo = await serve(
      {
        say: (request) => {
          tries += 1;
          if (tries === 1) throw new StatusError({ code: StatusCode.UNAVAILABLE, reason: 'AWAY', message: 'away' });
          return { text: request.text, index: 0 };
        },
      },
      server,
    );
    await clientOf(echo, client, retry, tracingAttemptPolicy({ tracer: kept.tracer })).say({ text: 'x' });
    const call = kept.span(CLIENT, SAY);
    const attempts = kept.spans().filter(({ name }) => name === `Attempt ${SAY}`);
    expect(
      attempts.map((span) => [span.attributes['mesh.attempt'], span.attributes['rpc.response.status_code']]),
    ).toEqual([
      [1, 'UNAVAILABLE'],
      [2, 'OK'],
    ]);
    expect(attempts.map((span) => span.parentSpanContext?.spanId)).toEqual([
      call.spanContext().spanId,
      call.spanContext().spanId,
    ]);
    const served = kept.spans().filter(({ kind }) => kind === SERVER);
    expect(served.map((span) => span.parentSpanContext?.spanId)).toEqual(
      attempts.map((span) => span.spanContext().spanId),
    );
  });

  it('works in process as over a wire', async () => {
    const kept = recorder();
    const { server, client } = kept.tracing(1);
    const mesh = await serve({}, server);
    const near = createClient(compileEcho().definition, inProcessTransport(mesh.host), { policies: [client] });
    await near.say({ text: 'x' });
    const [callee, caller] = kept.spans();
    expect(callee?.parentSpanContext?.spanId).toBe(caller?.spanContext().spanId);
  });

  it('passes traces on without a tracer, and makes no span', async () => {
    const kept = recorder();
    const sampler = new TraceSampler({ ratio: 1 });
    const silent = { ids: kept.ids, sampler };
    let got: string | undefined;
    const inner = await serve(
      { say: () => ((got = traceOf()?.traceParent), { text: '', index: 0 }) },
      tracingServerPolicy(silent),
    );
    const toInner = clientOf(inner, tracingClientPolicy(silent));
    const outer = await serve({ say: (request) => toInner.say(request) }, tracingServerPolicy(silent));
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await clientOf(outer).say({ text: 'x' }, { metadata: { traceparent } });
    expect([got, kept.spans()]).toEqual([traceparent, []]);
  });
});
