import { World } from './support/world';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

/** How deploy's routes for lanes look for the mark. */
const GRAY = { baggage: '(.*,)?[ \\t]*mesh\\.lane=gray[ \\t]*([;,].*)?' };

describe('lanes', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterEach(() => world.clear());
  afterAll(() => world.close());

  it('are clusters of their own: a marked call goes to its lane, all others to the base lane', async () => {
    const [base, gray] = await world.backends('base', 'gray');
    world.lay({
      routes: [{ headers: GRAY, to: 'naming-gray' }, { to: 'naming-base' }],
      clusters: { 'naming-base': {}, 'naming-gray': {} },
      backends: { 'naming-base': [base], 'naming-gray': [gray] },
    });
    const client = world.client();
    expect(await client.call()).toBe('base');
    for (const [baggage, name] of [
      ['mesh.lane=gray', 'gray'],
      ['user=7, mesh.lane=gray,mesh.stress=1', 'gray'],
      ['mesh.lane=gray;some=property', 'gray'],
      ['mesh.lane=gray2', 'base'],
      ['mesh.lane=blue', 'base'],
      ['xmesh.lane=gray', 'base'],
    ] as const) {
      expect([baggage, await client.call({ baggage })]).toEqual([baggage, name]);
    }
  });
});
