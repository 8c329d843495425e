import type { Backend } from './support/backend';
import type { PlainClient } from './support/plain-client';
import { World } from './support/world';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

/** The header that clients send to say whose room a call is about; deploy/istio hashes it too. */
const ROOM = 'x-room-id';
const ROOMS = 200;
/** Points of a ring for each endpoint. */
const POINTS = 256;

describe('a ring hash by room', () => {
  let world: World;
  let client: PlainClient;
  beforeAll(async () => {
    world = await World.start();
  });
  afterEach(() => world.clear());
  afterAll(() => world.close());

  async function lay(backends: readonly Backend[], ringSizeMin: number): Promise<void> {
    world.lay({
      routes: [{ to: 'rooms', hashBy: ROOM }],
      clusters: { rooms: { policy: 'RING_HASH', ringSizeMin } },
      backends: { rooms: backends },
    });
    await world.settled();
  }

  /** The backend of each room. */
  async function homes(): Promise<readonly string[]> {
    const calls = Array.from({ length: ROOMS }, (_, room) => client.call({ [ROOM]: String(room) }));
    return Promise.all(calls);
  }

  it('keeps a room where it is, and moves only those of a backend that goes; they come back to it', async () => {
    const [a, b, c, d] = await world.backends('a', 'b', 'c', 'd');
    await lay([a, b, c, d], POINTS * 4);
    client = world.client();
    const before = await homes();
    expect(await homes()).toEqual(before);
    // A fair share is 50; ports differ from run to run, and so does the ring.
    for (const name of ['a', 'b', 'c', 'd']) {
      const share = before.filter((home) => home === name).length;
      expect(share).toBeGreaterThan(15);
      expect(share).toBeLessThan(110);
    }

    // As many points for each endpoint as before.
    await lay([a, b, d], POINTS * 3);
    const without = await homes();
    without.forEach((home, room) => {
      if (before[room] === 'c') expect(home).not.toBe('c');
      else expect([room, home]).toEqual([room, before[room]]);
    });
    // Its rooms are shared among all that are left.
    const moved = without.filter((_, room) => before[room] === 'c');
    expect(new Set(moved)).toEqual(new Set(['a', 'b', 'd']));

    await lay([a, b, c, d], POINTS * 4);
    expect(await homes()).toEqual(before);
  });

  it('moves some of the others too where the size of the ring stays as it is, as in Envoy', async () => {
    const [a, b, c, d] = await world.backends('a', 'b', 'c', 'd');
    await lay([a, b, c, d], 1_024);
    client = world.client();
    const before = await homes();
    await lay([a, b, d], 1_024);
    const without = await homes();
    // The others have a third more points now. A quarter of all points is new, and two thirds of these belong to another than before.
    const others = without.filter((_, room) => before[room] !== 'c');
    const moved = without.filter((home, room) => before[room] !== 'c' && home !== before[room]);
    expect(moved.length / others.length).toBeGreaterThan(0.02);
    expect(moved.length / others.length).toBeLessThan(0.4);
  });

  it('spreads calls without a room over all', async () => {
    const [a, b, c] = await world.backends('a', 'b', 'c');
    await lay([a, b, c], POINTS * 3);
    client = world.client();
    const tally = await client.tally(150);
    expect(Object.keys(tally).sort()).toEqual(['a', 'b', 'c']);
  });
});
