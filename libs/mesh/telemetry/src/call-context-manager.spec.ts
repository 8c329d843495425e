import { SpanKind, trace } from '@opentelemetry/api';
import { batchTracer, CallContextManager, traceCarrier, traceMixin } from './index';
import { clientOf, closeAll, ECHO, manageContext, recorder, serve, until } from './testing/tracing-kit';

afterEach(closeAll);

const activeSpanId = (): string | undefined => trace.getActiveSpan()?.spanContext().spanId;

describe('CallContextManager', () => {
  it('makes the span of the running call the active one, in streams too', async () => {
    const kept = recorder();
    manageContext();
    const seen: (string | undefined)[] = [];
    const server = await serve(
      {
        say: (request) => (seen.push(activeSpanId()), { text: request.text, index: 0 }),
        async *repeat(request) {
          yield { text: request.text, index: 0 };
          seen.push(activeSpanId());
        },
      },
      kept.tracing(1).server,
    );
    const client = clientOf(server);
    await client.say({ text: 'x' });
    for await (const answer of client.repeat({ text: 'x' })) expect(answer.index).toBe(0);
    expect(seen).toEqual(kept.spans().map((span) => span.spanContext().spanId));
    expect(activeSpanId()).toBeUndefined();
  });

  it('puts spans made by hand, and the calls made in them, under the call', async () => {
    const kept = recorder();
    manageContext();
    const { server, client } = kept.tracing(1);
    const toInner = clientOf(await serve({}, server), client);
    const outer = await serve(
      {
        say: (request) =>
          kept.tracer.startActiveSpan('by hand', async (span) => {
            const answer = await toInner.say(request);
            span.end();
            return answer;
          }),
      },
      server,
    );
    await Promise.all(['x', 'y', 'z'].map((text) => clientOf(outer).say({ text })));
    const byHand = kept.spans().filter(({ name }) => name === 'by hand');
    expect(byHand).toHaveLength(3);
    for (const span of byHand) {
      const { traceId, spanId } = span.spanContext();
      const above = kept.spans().find((other) => other.spanContext().spanId === span.parentSpanContext?.spanId);
      expect([above?.kind, above?.spanContext().traceId]).toEqual([SpanKind.SERVER, traceId]);
      const called = kept.span(SpanKind.CLIENT, `${ECHO}/Say`, traceId);
      expect(called.parentSpanContext?.spanId).toBe(spanId);
    }
  });

  it('records nothing by hand in a call that is not recorded', async () => {
    const kept = recorder();
    manageContext();
    const flags: number[] = [];
    const server = await serve(
      {
        say: (request) =>
          kept.tracer.startActiveSpan('by hand', (span) => {
            flags.push(span.spanContext().traceFlags);
            span.end();
            return { text: request.text, index: 0 };
          }),
      },
      kept.tracing(0).server,
    );
    await clientOf(server).say({ text: 'x' });
    expect([flags, kept.spans()]).toEqual([[0], []]);
  });

  it('lets a call outside of others be a child of the span that is active', async () => {
    const kept = recorder();
    manageContext();
    const { server, client } = kept.tracing(0);
    const echo = clientOf(await serve({}, server), client);
    await kept.tracer.startActiveSpan('job', async (span) => {
      await echo.say({ text: 'x' });
      span.end();
    });
    const job = kept.span(SpanKind.INTERNAL, 'job');
    expect(kept.span(SpanKind.CLIENT, `${ECHO}/Say`).parentSpanContext?.spanId).toBe(job.spanContext().spanId);
  });

  it('binds functions, and leaves other things as they are', () => {
    const manager = new CallContextManager();
    const context = manager.active();
    const bound = manager.bind(context, function (this: { by: number }, value: number) {
      return value * this.by;
    });
    expect([bound.call({ by: 2 }, 21), manager.bind(context, 7)]).toEqual([42, 7]);
    expect(manager.enable()).toBe(manager.disable());
  });
});

describe('traceMixin', () => {
  it('gives the ids of the running call, recorded or not, and nothing outside', async () => {
    const kept = recorder();
    const mixin = traceMixin();
    const lines: object[] = [];
    const handlers = { say: () => (lines.push(mixin()), { text: '', index: 0 }) };
    const recorded = clientOf(await serve(handlers, kept.tracing(1).server));
    const passing = clientOf(await serve(handlers, kept.tracing(0).server));
    await recorded.say({ text: 'x' });
    await passing.say({ text: 'x' }, { metadata: { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00` } });
    const { traceId, spanId } = kept.span(SpanKind.SERVER, `${ECHO}/Say`).spanContext();
    expect([...lines, mixin()]).toEqual([{ traceId, spanId }, { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }, {}]);
  });
});

describe('a log between two services', () => {
  it('makes a batch a part of the one recorded call that wrote it, and links it to several', async () => {
    const kept = recorder();
    manageContext();
    const log: (Record<string, string> | undefined)[] = [];
    const handlers = { say: () => (log.push(traceCarrier()), { text: '', index: 0 }) };
    const recorded = clientOf(await serve(handlers, kept.tracing(1).server));
    const passing = clientOf(await serve(handlers, kept.tracing(0).server));
    await passing.say({ text: 'x' });
    expect([log, traceCarrier()]).toEqual([[undefined], undefined]);
    const batch = batchTracer({
      tracer: kept.tracer,
      name: 'process log',
      attributes: { 'messaging.operation.type': 'process' },
    });
    const nothing = [{}, { traceparent: 'rubbish' }, { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00` }];
    expect(await batch(nothing, async () => activeSpanId())).toBeUndefined();
    await recorded.say({ text: 'x' });
    await until(() => kept.spans().length === 1);
    const [writer] = kept.spans();
    const carriers = log.flatMap((carrier) => (carrier === undefined ? [] : [carrier, carrier]));
    const inside = await batch([...nothing, ...carriers], async () => activeSpanId());
    const span = kept.span(SpanKind.CONSUMER, 'process log');
    expect(span.spanContext().spanId).toBe(inside);
    expect(span.spanContext().traceId).toBe(writer?.spanContext().traceId);
    expect(span.parentSpanContext?.spanId).toBe(writer?.spanContext().spanId);
    expect(span.links).toEqual([]);
    await expect(batch(carriers, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(kept.spans().at(-1)?.status).toEqual({ code: 2 });
    const another = `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`;
    await batch([...carriers, { traceparent: another }], async () => undefined);
    const ofSeveral = kept.spans().at(-1);
    expect(ofSeveral?.parentSpanContext).toBeUndefined();
    expect([writer?.spanContext().traceId, 'c'.repeat(32)]).not.toContain(ofSeveral?.spanContext().traceId);
    expect(ofSeveral?.links.map((link) => link.context.spanId)).toEqual([writer?.spanContext().spanId, 'd'.repeat(16)]);
  });

  it('links to no more calls than its limit', async () => {
    const kept = recorder();
    const batch = batchTracer({ tracer: kept.tracer, name: 'process log' });
    const carriers = Array.from({ length: 200 }, () => ({
      traceparent: `00-${kept.ids.generateTraceId()}-${kept.ids.generateSpanId()}-01`,
    }));
    await batch(carriers, async () => undefined);
    expect(kept.span(SpanKind.CONSUMER, 'process log').links).toHaveLength(128);
  });
});
