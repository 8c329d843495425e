import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Harness, SpanCollector, type CollectedSpan, type MeshClients } from '@giftmesh/test-harness';
import { MeshServers, ServerMesh } from '@giftmesh/test-servers';
import { eventually, giftOf, viewerWith } from './support/calls';
import { ObservedMesh } from './support/observed-mesh';

/** Servers of their own take their time. */
jest.setTimeout(180_000);

/** OpenTelemetry's kinds of spans. */
const [SERVER, CLIENT, CONSUMER] = [2, 3, 5] as const;
/** Spans gather for a second before they are exported. */
const EXPORTED_WITHIN_MS = 20_000;
const SEND_GIFT = 'giftmesh.interaction.v1.InteractionService/SendGift';
const CHANGE_ASSETS = 'giftmesh.payment.station.v1.PaymentStationService/ChangeAssets';

/** How a mesh may be started: with these settings of each service beside its own. */
const shapes: readonly [string, (harness: Harness, env: Record<string, string>) => Promise<Started>][] = [
  [
    'the embedded log',
    async (harness, env) => {
      const { clients } = await ObservedMesh.start(harness, env);
      return { clients, end: async () => undefined };
    },
  ],
  [
    'Kafka',
    async (harness, env) => {
      const servers = await MeshServers.start(harness.folder('servers'));
      const all = { interaction: env, station: env, da: env };
      const mesh = await ServerMesh.start(harness, servers, all);
      return { clients: mesh.clients(0), end: () => servers.kill() };
    },
  ],
];

interface Started {
  readonly clients: MeshClients;
  /** Ends what the harness does not. */
  readonly end: () => Promise<void>;
}

describe.each(shapes)('the trace of one gift, over %s,', (_, start) => {
  const harness = new Harness();
  let collector: SpanCollector;
  let started: Started;

  beforeAll(async () => {
    collector = await SpanCollector.start();
    const behaviour = join(harness.folder('behaviour'), 'behaviour.json');
    // Everything is recorded.
    writeFileSync(behaviour, JSON.stringify({ tracing: { ratio: 1 } }));
    started = await start(harness, {
      GIFTMESH_OTLP_ENDPOINT: collector.endpoint,
      GIFTMESH_BEHAVIOUR_FILE: behaviour,
    });
  });
  afterAll(async () => {
    await harness.close();
    await started?.end();
    collector.close();
  });

  it('has one root at the edge, and goes through station and log to the ledger without a gap', async () => {
    const { clients } = started;
    const viewer = await viewerWith(clients, 10n);
    await clients.interaction.call.sendGift(giftOf(viewer));
    const spans = await eventually(() => {
      const root = collector.find('of SendGift', ({ name, kind }) => name === SEND_GIFT && kind === SERVER);
      const trace = collector.spans.filter(({ traceId }) => traceId === root.traceId);
      const isSettled = ({ service, name }: CollectedSpan) => service === 'payment-da' && name === 'settle money-log';
      if (!trace.some(isSettled)) throw new Error(`not settled yet: ${shown(trace)}`);
      // Every span but the root has its parent in the trace: those are exported one by one.
      for (const { parentSpanId, name } of trace)
        if (parentSpanId !== '' && !trace.some(({ spanId }) => spanId === parentSpanId))
          throw new Error(`no parent of ${name}: ${shown(trace)}`);
      return trace;
    }, EXPORTED_WITHIN_MS);

    const roots = spans.filter(({ parentSpanId }) => parentSpanId === '');
    expect(roots.map(({ service, name, kind }) => [service, name, kind])).toEqual([['interaction', SEND_GIFT, SERVER]]);
    expect(new Set(spans.map(({ service }) => service))).toEqual(
      new Set(['interaction', 'payment-station', 'payment-da']),
    );
    expect(pathOf(spans)).toEqual([
      ['interaction', SEND_GIFT, SERVER],
      ['interaction', 'pay gifts', CONSUMER],
      ['interaction', CHANGE_ASSETS, CLIENT],
      ['interaction', `Attempt ${CHANGE_ASSETS}`, CLIENT],
      ['payment-station', CHANGE_ASSETS, SERVER],
      ['payment-da', 'settle money-log', CONSUMER],
    ]);
  });

  it('is its own: another gift has another trace', async () => {
    const { clients } = started;
    const viewer = await viewerWith(clients, 10n);
    const before = new Set(collector.spans.map(({ traceId }) => traceId));
    await clients.interaction.call.sendGift(giftOf(viewer));
    const root = await eventually(
      () => collector.find('of SendGift', ({ name, traceId }) => name === SEND_GIFT && !before.has(traceId)),
      EXPORTED_WITHIN_MS,
    );
    expect(root.parentSpanId).toBe('');
  });
});

/** From the root to the consumer, each the child of the one before. */
function pathOf(spans: readonly CollectedSpan[]): (string | number)[][] {
  const bySpanId = new Map(spans.map((span) => [span.spanId, span]));
  const path: CollectedSpan[] = [];
  let at = spans.find(({ service, kind }) => service === 'payment-da' && kind === CONSUMER);
  for (; at !== undefined; at = bySpanId.get(at.parentSpanId)) path.unshift(at);
  return path.map(({ service, name, kind }) => [service, name, kind]);
}

function shown(spans: readonly CollectedSpan[]): string {
  return spans
    .map(({ service, name, kind, parentSpanId }) => `${service} ${name} ${kind} <${parentSpanId}>`)
    .join('; ');
}
