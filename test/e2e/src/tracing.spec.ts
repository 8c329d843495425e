import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { Harness, SpanCollector, type CollectedSpan, type MeshClients } from '@giftmesh/test-harness';
import { eventually } from './support/eventually';
import { newUser } from './support/ids';
import { expectRefusal, refusalOf } from './support/refusals';
import { balanceOf, eventOf, giftOf, HOST, ledgerBalanceOf, orderOf, viewerWith } from './support/requests';
import { sendStreamed } from './support/send-streamed';
import { STRESS_AT_EDGE, STRESS_BAGGAGE } from './support/stress-clients';
import { ThreeProcesses } from './support/three-processes';

const [SERVER, CLIENT] = [2, 3] as const;
const SEND_GIFT = 'giftmesh.interaction.v1.InteractionService/SendGift';
const STREAM_GIFTS = 'giftmesh.interaction.v1.InteractionService/StreamGifts';
const CHANGE_ASSETS = 'giftmesh.payment.station.v1.PaymentStationService/ChangeAssets';
/** Spans gather for a second before they are exported. */
const EXPORT_LIMIT_MS = 15_000;
const STRESS = { metadata: STRESS_BAGGAGE } as const;

interface Started {
  readonly mesh: MeshClients;
  /** `service.name` of the processes. */
  readonly names: { readonly interaction: string; readonly station: string; readonly da: string };
}

/** How the services may be started. */
const shapes: readonly [string, (harness: Harness, env: Record<string, string>) => Promise<Started>][] = [
  [
    'a standalone',
    async (harness, env) => ({
      mesh: await harness.startMesh({ env }),
      names: { interaction: 'giftmesh', station: 'giftmesh', da: 'payment-da' },
    }),
  ],
  [
    'three processes',
    async (harness, env) => ({
      mesh: await ThreeProcesses.start(harness, { env }),
      names: { interaction: 'interaction', station: 'payment-station', da: 'payment-da' },
    }),
  ],
];

describe.each(shapes)('in %s', (_, start) => {
  const harness = new Harness();
  let collector: SpanCollector;
  let mesh: MeshClients;
  let names: Started['names'];

  beforeAll(async () => {
    collector = await SpanCollector.start();
    const behaviourFile = join(harness.folder('behaviour'), 'behaviour.json');
    writeFileSync(behaviourFile, JSON.stringify({ tracing: { ratio: 1 } }));
    ({ mesh, names } = await start(harness, {
      GIFTMESH_OTLP_ENDPOINT: collector.endpoint,
      GIFTMESH_BEHAVIOUR_FILE: behaviourFile,
    }));
  }, 60_000);
  afterAll(async () => {
    await harness.close();
    collector.close();
  });

  /** Follows a gift from its call's span through the batch and the log to the ledger. */
  async function follow(gift: CollectedSpan): Promise<void> {
    expect({ service: gift.service, kind: gift.kind }).toEqual({ service: names.interaction, kind: SERVER });
    await eventually(() => {
      const batch = collector.find(
        'of the batch',
        (span) => span.name === 'pay gifts' && span.parentSpanId === gift.spanId,
      );
      // Its gifts are of one call only, so it is a part of that call.
      expect(batch).toMatchObject({ service: names.interaction, traceId: gift.traceId, links: [] });
      const isOfBatch = ({ traceId, name }: CollectedSpan) => traceId === batch.traceId && name === CHANGE_ASSETS;
      const client = collector.find("of the batch's call", (span) => isOfBatch(span) && span.kind === CLIENT);
      expect(client).toMatchObject({ service: names.interaction, parentSpanId: batch.spanId });
      const server = collector.find('of the station', (span) => isOfBatch(span) && span.kind === SERVER);
      expect(server.service).toBe(names.station);
      collector.find(
        'of the settler',
        (span) =>
          span.service === names.da &&
          span.name === 'settle money-log' &&
          // Linked where another recorded batch was settled with it.
          (span.parentSpanId === server.spanId || isLinked(span, server)),
      );
    }, EXPORT_LIMIT_MS);
  }

  it('the trace of a gift goes on through its batch and the log', async () => {
    const viewerId = await viewerWith(mesh, 10n);
    // The caller's own trace: at the edge another one begins, linked to it.
    const caller = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
    const metadata = { traceparent: `00-${caller.traceId}-${caller.spanId}-01` };
    await mesh.interaction.call.sendGift(giftOf({ viewerId }), { metadata });
    const sent = await eventually(
      () => collector.find('of SendGift', (span) => span.name === SEND_GIFT && isLinked(span, caller)),
      EXPORT_LIMIT_MS,
    );
    expect(sent.parentSpanId).toBe('');
    await follow(sent);
  });

  it('so does that of a stream of gifts', async () => {
    const viewerId = await viewerWith(mesh, 10n);
    await sendStreamed(mesh, [[giftOf({ viewerId }), giftOf({ viewerId })]]);
    const isStream = ({ name, kind }: CollectedSpan) => name === STREAM_GIFTS && kind === SERVER;
    await follow(await eventually(() => collector.find('of StreamGifts', isStream), EXPORT_LIMIT_MS));
  });

  it('a load test moves no real money', async () => {
    const payer = await viewerWith(mesh, 10n);
    const order = orderOf({ userId: newUser() });
    const event = eventOf({ payer, payees: [HOST], each: 1n });
    for (const call of [
      mesh.station.call.changeAssets({ events: [event] }, STRESS),
      mesh.station.call.applyOrder(order, STRESS),
      mesh.da.call.applyOrder({ order }, STRESS),
    ]) {
      const expected = { by: 'payment', code: status.FAILED_PRECONDITION, reason: 'STRESS_NOT_SUPPORTED' } as const;
      expectRefusal(await refusalOf(call), expected);
    }
    expect([await balanceOf(mesh, payer), await ledgerBalanceOf(mesh, order.userId)]).toEqual([10n, 0n]);
    const atEdge = mesh.interaction.call.sendGift(giftOf({ viewerId: payer }), { metadata: STRESS_AT_EDGE });
    const { codeName, reason } = await refusalOf(atEdge);
    expect([codeName, reason]).toEqual(['FAILED_PRECONDITION', 'STRESS_NOT_SUPPORTED']);
    expect(await balanceOf(mesh, payer)).toBe(10n);
    // Strangers mark nothing: theirs is a gift like any other.
    const gift = giftOf({ viewerId: payer });
    expect(await mesh.interaction.call.sendGift(gift, STRESS)).toMatchObject({ balance: 9n });
  });
});

function isLinked({ links }: CollectedSpan, to: Pick<CollectedSpan, 'traceId' | 'spanId'>): boolean {
  return links.some(({ traceId, spanId }) => traceId === to.traceId && spanId === to.spanId);
}
