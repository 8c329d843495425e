import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { context, trace } from '@opentelemetry/api';
import { secureRandom, startTelemetry, type MetricsSource, type Telemetry } from './index';
import { runInProcess } from './testing/run-in-process';

interface Received {
  readonly path: string;
  readonly body: string;
}

let received: Received[] = [];
let collector: Server | undefined;
let telemetry: Telemetry | undefined;

afterEach(async () => {
  await telemetry?.shutdown(2_000);
  telemetry = undefined;
  collector?.closeAllConnections();
  collector?.close();
  received = [];
});

/** A collector that keeps what it gets, and answers so; with nothing at all where the status is 0. */
async function startCollector(status = 200): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ path: request.url ?? '', body: Buffer.concat(chunks).toString('latin1') });
      if (status > 0) response.writeHead(status, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  collector = server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const metrics: MetricsSource = {
  snapshot: () => [
    {
      name: 'test.calls',
      help: 'Calls.',
      unit: '{call}',
      type: 'counter',
      labels: ['rpc.method'],
      points: [{ labels: ['a.B/C'], value: 3 }],
    },
    {
      name: 'test.level',
      help: 'Level.',
      unit: undefined,
      type: 'gauge',
      labels: [],
      points: [{ labels: [], value: -1 }],
    },
    {
      name: 'test.duration',
      help: 'Duration.',
      unit: 's',
      type: 'histogram',
      labels: [],
      points: [{ labels: [], bounds: [1, 2], counts: [1, 0, 2], sum: 7, count: 3 }],
    },
  ],
};

describe('startTelemetry', () => {
  it('loads nothing, and has no tracer, when there is nowhere to export to', async () => {
    telemetry = await startTelemetry({ serviceName: 'test' });
    expect([telemetry.tracer, telemetry.metricsAddress]).toEqual([undefined, undefined]);
    expect(trace.getTracer('x').startSpan('x').isRecording()).toBe(false);
    expect(await telemetry.shutdown()).toBe(true);
  });

  it('exports spans and metrics to a collector, all of them before it ends', async () => {
    const otlpEndpoint = await startCollector();
    const printed = await runInProcess(`
      const telemetry = await library.startTelemetry({
        serviceName: 'test-service',
        attributes: { 'service.version': '1.2.3' },
        otlpEndpoint: '${otlpEndpoint}/',
        metrics: { snapshot: () => ${JSON.stringify(metrics.snapshot())} },
      });
      telemetry.tracer.startSpan('test.Span/Name').end();
      console.log(await telemetry.shutdown());
    `);
    expect(printed).toBe('true\n');
    const bodyOf = (path: string): string =>
      received
        .filter((each) => each.path === path)
        .map(({ body }) => body)
        .join();
    for (const text of ['test.Span/Name', 'test-service', '1.2.3']) expect(bodyOf('/v1/traces')).toContain(text);
    for (const text of ['test-service', 'test.calls', 'rpc.method', 'a.B/C', 'test.level', 'test.duration']) {
      expect(bodyOf('/v1/metrics')).toContain(text);
    }
  });

  it('keeps within its limit when the collector never answers, or is away', async () => {
    const silent = await startCollector(0);
    const printed = await runInProcess(`
      for (const otlpEndpoint of ['${silent}', 'http://127.0.0.1:1']) {
        const telemetry = await library.startTelemetry({ serviceName: 'test', otlpEndpoint });
        telemetry.tracer.startSpan('x').end();
        const first = telemetry.shutdown(100);
        console.log(await first, await telemetry.shutdown());
      }
      process.exit();
    `);
    expect(printed).toBe('false false\nfalse false\n');
  });

  it('tells what goes wrong with exporting', async () => {
    const printed = await runInProcess(`
      const onProblem = (problem) => console.log(problem);
      const telemetry = await library.startTelemetry({ serviceName: 'test', otlpEndpoint: '${await startCollector(400)}', onProblem });
      telemetry.tracer.startSpan('x').end();
      await telemetry.shutdown();
    `);
    expect(printed).toContain('Bad Request');
  });

  it('takes back what it registered', async () => {
    telemetry = await startTelemetry({ serviceName: 'test', otlpEndpoint: 'http://127.0.0.1:1' });
    expect(trace.getTracer('x').startSpan('x').isRecording()).toBe(true);
    await telemetry.shutdown(50);
    expect(trace.getTracer('x').startSpan('x').isRecording()).toBe(false);
  });

  it('uses the ids and the context it is given, and follows what was decided', async () => {
    const otlpEndpoint = await startCollector();
    const traceId = 'a'.repeat(32);
    telemetry = await startTelemetry({
      serviceName: 'test',
      otlpEndpoint,
      idGenerator: { generateTraceId: () => traceId, generateSpanId: () => 'b'.repeat(16) },
    });
    const span = telemetry.tracer?.startSpan('x', { root: true });
    expect(span?.spanContext()).toMatchObject({ traceId, spanId: 'b'.repeat(16), traceFlags: 1 });
    span?.end();
    const passed = trace.setSpanContext(context.active(), {
      traceId,
      spanId: 'c'.repeat(16),
      traceFlags: 0,
      isRemote: true,
    });
    expect(telemetry.tracer?.startSpan('x', {}, passed).isRecording()).toBe(false);
  });

  it('serves metrics and health beside', async () => {
    telemetry = await startTelemetry({
      serviceName: 'test',
      endpoint: { address: '127.0.0.1:0', metrics: () => ({ contentType: 'text/plain', body: 'up 1\n' }) },
    });
    const response = await fetch(`http://${telemetry.metricsAddress}/metrics`);
    expect(await response.text()).toBe('up 1\n');
    expect(await telemetry.shutdown()).toBe(true);
  });

  it.each([
    [{ serviceName: '' }, 'serviceName must not be empty'],
    [{ serviceName: 'x', otlpEndpoint: 'collector:4318' }, 'otlpEndpoint must be a http(s) URL, got "collector:4318"'],
    [{ serviceName: 'x', otlpEndpoint: 'http://a?b' }, 'otlpEndpoint must be a http(s) URL, got "http://a?b"'],
    [{ serviceName: 'x', metricsIntervalMs: 99 }, 'metricsIntervalMs must be at least 100, got 99'],
    [{ serviceName: 'x', metricsIntervalMs: NaN }, 'metricsIntervalMs must be at least 100, got NaN'],
  ])('refuses %j', async (options, message) => {
    await expect(startTelemetry(options)).rejects.toThrow(message);
  });
});

describe('secureRandom', () => {
  it('keeps to its ranges, beyond the numbers that it fetches at once', () => {
    const random = secureRandom();
    const seen = new Set<number>();
    for (let index = 0; index < 5_000; index += 1) {
      const fraction = random.next();
      seen.add(fraction);
      expect(fraction >= 0 && fraction < 1).toBe(true);
      expect([1, 2, 3]).toContain(random.integer(1, 3));
    }
    expect(seen.size).toBeGreaterThan(4_900);
    expect([random.bytes(5).length, random.chance(0), random.chance(1), random.pick(['x'])]).toEqual([
      5,
      false,
      true,
      'x',
    ]);
    expect(() => random.pick([])).toThrow(RangeError);
    expect(random.fork().next()).not.toBe(random.next());
  });
});
