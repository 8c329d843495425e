import { createClient, grpcTransport, type MeshClient } from '@giftmesh/mesh-client';
import { service, type Handlers, type ServerPolicy } from '@giftmesh/mesh-context';
import { createMeshServer, type MeshServer } from '@giftmesh/mesh-server';
import { compileEcho, echoHandlers, type EchoDefinition } from '@giftmesh/mesh-server/testing';
import {
  CallMarks,
  isStress,
  laneCarrier,
  laneOf,
  lanesClientPolicy,
  lanesServerPolicy,
  markCall,
  marksOf,
  marksOfCarrier,
  shadow,
  shadowOf,
} from './index';

const echo = compileEcho();
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(handlers: Partial<Handlers<EchoDefinition>>, ...policies: ServerPolicy[]): Promise<MeshServer> {
  const server = createMeshServer({
    services: [service(echo.definition, { ...echoHandlers, ...handlers })],
    errorDomain: 'echo.test',
    policies,
  });
  closers.push(() => server.close());
  await server.listen('127.0.0.1:0');
  return server;
}

function clientOf(server: MeshServer): MeshClient<EchoDefinition> {
  const transport = grpcTransport({ address: server.address ?? '' });
  closers.push(() => transport.close());
  return createClient(echo.definition, transport, { policies: [lanesClientPolicy()] });
}

const seen = () => ({
  lane: laneOf(),
  stress: isStress(),
  baggage: marksOf()?.header,
  key: shadow('{s042}:balance:7'),
});
type Seen = ReturnType<typeof seen>;

/** An edge before two services; what the last of them sees of a call that came with this baggage. */
async function throughThree(edge: ServerPolicy, baggage: string | undefined, added?: string): Promise<Seen> {
  let last: Seen | undefined;
  const inner = await serve(
    { say: () => ((last = seen()), { text: '', index: 0 }) },
    lanesServerPolicy({ trust: true }),
  );
  const toInner = clientOf(inner);
  const more = added === undefined ? {} : { metadata: { baggage: added } };
  const middle = await serve({ say: (request) => toInner.say(request, more) }, lanesServerPolicy({ trust: true }));
  const toMiddle = clientOf(middle);
  const outer = await serve({ say: (request) => toMiddle.say(request) }, edge);
  await clientOf(outer).say({ text: 'x' }, baggage === undefined ? {} : { metadata: { baggage } });
  return last as unknown as Seen;
}

describe('lanes', () => {
  it('travel through the mesh, with the baggage of others', async () => {
    const baggage = 'user=7;ttl=5, mesh.lane=canary-7, mesh.stress=1';
    expect(await throughThree(lanesServerPolicy({ trust: true }), baggage)).toEqual({
      lane: 'canary-7',
      stress: true,
      baggage: 'mesh.stress=1,mesh.lane=canary-7,user=7;ttl=5',
      key: '{s042}:balance:7_shadow',
    });
  });

  it('are stripped at the edge, with all baggage of strangers', async () => {
    const decisions: string[] = [];
    const edge = lanesServerPolicy({
      trust: false,
      onDecision: (policy, decision) => decisions.push(`${policy} ${decision}`),
    });
    expect(await throughThree(edge, 'user=7,mesh.lane=canary,mesh.stress=1')).toEqual({
      lane: 'base',
      stress: false,
      baggage: undefined,
      key: '{s042}:balance:7',
    });
    expect([decisions, edge.state?.()]).toEqual([
      ['lanes stripped'],
      { trust: false, malformed: 0, stripped: 1, marked: 0 },
    ]);
  });

  it('are assigned at the edge to those who come without', async () => {
    const assign = () => ({ lane: 'canary' });
    expect((await throughThree(lanesServerPolicy({ trust: false, assign }), 'mesh.lane=other')).lane).toBe('canary');
    expect((await throughThree(lanesServerPolicy({ trust: true, assign }), 'mesh.lane=other')).lane).toBe('other');
    const kept = await throughThree(lanesServerPolicy({ trust: true, assign }), 'user=7');
    expect(kept.baggage).toBe('mesh.lane=canary,user=7');
    const nothing = await throughThree(lanesServerPolicy({ trust: false, assign: () => undefined }), undefined);
    expect(nothing.lane).toBe('base');
  });

  it('cannot be changed by callers within, who may add baggage', async () => {
    const added = 'user=8,mesh.lane=mine,mesh.stress=0,more=1';
    expect(await throughThree(lanesServerPolicy({ trust: true }), 'user=7,mesh.stress=1', added)).toMatchObject({
      lane: 'base',
      stress: true,
      baggage: 'mesh.stress=1,user=8,more=1',
    });
  });

  it.each([
    ['mesh.lane=UPPER,mesh.stress=yes', { lane: 'base', stress: false }],
    ['mesh.lane=,mesh.lane=second', { lane: 'second', stress: false }],
    ['mesh.lane=first,mesh.lane=second', { lane: 'first', stress: false }],
    ['mesh.stress=0,mesh.stress=1', { lane: 'base', stress: true }],
    [`mesh.lane=${'x'.repeat(33)}`, { lane: 'base', stress: false }],
    ['\u0001,,;=,"', { lane: 'base', stress: false }],
    ['mesh.lane=base', { lane: 'base', stress: false, baggage: undefined }],
  ])('are believed only where they are well-formed: %j', async (baggage, expected) => {
    const decisions: string[] = [];
    const policy = lanesServerPolicy({ trust: true, onDecision: (_policy, decision) => decisions.push(decision) });
    let last: Seen | undefined;
    const server = await serve({ say: () => ((last = seen()), { text: '', index: 0 }) }, policy);
    const sent = baggage.includes('\u0001') ? ';=,"' : baggage;
    await clientOf(server).say({ text: 'x' }, { metadata: { baggage: sent } });
    expect(last).toMatchObject(expected);
    const isWellFormed = /first|=0|=base/.test(baggage);
    expect(decisions.includes('malformed')).toBe(!isWellFormed);
  });

  it('hold in streams, in logs between services, and not outside of calls', async () => {
    const written: unknown[] = [];
    const server = await serve(
      {
        async *repeat(request) {
          written.push(laneCarrier(), laneOf());
          yield { text: request.text, index: 0 };
          written.push(shadow('topic'));
        },
      },
      lanesServerPolicy({ trust: true }),
    );
    for await (const answer of clientOf(server).repeat(
      { text: 'x' },
      { metadata: { baggage: 'user=secret,mesh.stress=1,mesh.lane=blue' } },
    ))
      expect(answer.index).toBe(0);
    // Only the marks: what others carry is no business of a log.
    const carrier = { baggage: 'mesh.stress=1,mesh.lane=blue' };
    expect(written).toEqual([carrier, 'blue', 'topic_shadow']);
    expect(marksOfCarrier(carrier)).toMatchObject({ stress: true, lane: 'blue' });
    expect([
      marksOfCarrier(undefined),
      marksOfCarrier({}),
      laneCarrier(),
      laneOf(),
      isStress(),
      shadow('topic'),
    ]).toEqual([undefined, undefined, undefined, 'base', false, 'topic']);
    expect(shadowOf(shadowOf('t'))).toBe('t_shadow');
  });

  it('refuse names and options that are none', () => {
    for (const lane of ['', 'A', '-a', 'a-', 'a b', 'x'.repeat(33), 'a,b']) {
      expect(() => new CallMarks({ lane })).toThrow(`not a lane's name: ${JSON.stringify(lane)}`);
    }
    expect(() => markCall(undefined as never, { lane: '?' })).toThrow(TypeError);
    expect(() => lanesServerPolicy({} as never)).toThrow('trust must be true or false, got undefined');
  });
});
