import { setTimeout as delay } from 'node:timers/promises';
import { Load } from './support/load';
import { until } from './support/until';
import { World } from './support/world';

const CALLERS = 16;
/** Calls that are answered between two changes. */
const BETWEEN = 60;
const POLICIES = ['ROUND_ROBIN', 'RING_HASH'] as const;

describe('endpoints that go', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterEach(() => world.clear());
  afterAll(() => world.close());

  it.each(POLICIES)('cost not one call: those under way are answered, the next go elsewhere (%s)', async (policy) => {
    const backends = await world.backends('a', 'b', 'c', 'd');
    for (const backend of backends) backend.hold = () => delay(3);
    const [a, b, c, d] = backends;
    world.lay({
      routes: [{ to: 'naming', hashBy: 'x-room-id' }],
      clusters: { naming: { policy } },
      backends: { naming: backends },
    });
    const client = world.client();
    await client.call();
    const load = new Load(client, CALLERS, (nth) => ({ 'x-room-id': String(nth) }));
    const goOn = async (): Promise<void> => {
      const before = load.answered;
      await until('calls go on', () => load.answered + load.failures.length >= before + BETWEEN);
    };
    await goOn();
    const callsOfC = c.calls;
    expect(callsOfC).toBeGreaterThan(0);
    for (const naming of [[a, b, d], [d], [a, b, c, d], [b, c], [a, b, d]]) {
      world.layEndpoints({ naming });
      await world.settled();
      await goOn();
    }
    // It is out of the endpoints; now it drains, and its process would end.
    const before = c.calls;
    expect(before).toBeGreaterThan(callsOfC);
    await c.drain();
    await goOn();
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(c.calls).toBe(before);
    expect(load.answered).toBeGreaterThan(6 * BETWEEN);
  });

  it.each(POLICIES)('answer what they still have (%s)', async (policy) => {
    const [a, b] = await world.backends('a', 'b');
    world.lay({ routes: [{ to: 'naming' }], clusters: { naming: { policy } }, backends: { naming: [a] } });
    const client = world.client();
    let answer: () => void = () => undefined;
    a.hold = () => new Promise((resolve) => (answer = resolve));
    const held = client.call();
    await until('the call has come', () => a.calls === 1);
    a.hold = () => undefined;
    world.layEndpoints({ naming: [b] });
    await until('the next goes elsewhere', async () => (await client.call()) === 'b');
    answer();
    expect(await held).toBe('a');
  });
});
