import { seededRandom } from '@giftmesh/kernel-random';
import { AdaptiveThrottleDecider } from './adaptive-throttle-decider';
import { adaptiveThrottleSettings, type AdaptiveThrottleSettings } from './adaptive-throttle-settings';

const SEED = 20_260_101;
const TICK_MS = 10;

interface Second {
  readonly wanted: number;
  readonly sent: number;
  readonly answered: number;
}

/** One caller in front of a target that answers `capacity` calls a second and refuses the rest at once. */
function simulate(
  changes: Partial<AdaptiveThrottleSettings>,
  world: { seconds: number; wanted: (second: number) => number; capacity: (second: number) => number },
): Second[] {
  const decider = new AdaptiveThrottleDecider(adaptiveThrottleSettings(changes), seededRandom(SEED));
  const ticks = 1_000 / TICK_MS;
  let owedCalls = 0;
  let owedCapacity = 0;
  return Array.from({ length: world.seconds }, (_, second) => {
    let [wanted, sent, answered] = [0, 0, 0];
    for (let tick = 0; tick < ticks; tick += 1) {
      const nowMs = second * 1_000 + tick * TICK_MS;
      owedCalls += world.wanted(second) / ticks;
      // What was not used up is lost, but for the fraction of a call.
      owedCapacity = (owedCapacity % 1) + world.capacity(second) / ticks;
      for (; owedCalls >= 1; owedCalls -= 1) {
        wanted += 1;
        if (!decider.admits(nowMs, 0)) continue;
        sent += 1;
        const accepted = owedCapacity >= 1;
        if (accepted) owedCapacity -= 1;
        if (accepted) answered += 1;
        decider.record(nowMs, accepted);
      }
    }
    return { wanted, sent, answered };
  });
}
const sum = (seconds: readonly Second[], of: keyof Second): number => seconds.reduce((all, one) => all + one[of], 0);

const BOOK = { aggression: 1, countOwnRefusals: true, windowMs: 120_000 };
const CAPACITY = 100;

/** Calls sent and answered per call of capacity, long after the load began. */
function steady(changes: Partial<AdaptiveThrottleSettings>, load: number): { sent: number; answered: number } {
  const world = { seconds: 50, wanted: () => load * CAPACITY, capacity: () => CAPACITY };
  const last = simulate(changes, world).slice(-20);
  return { sent: sum(last, 'sent') / 20 / CAPACITY, answered: sum(last, 'answered') / 20 / CAPACITY };
}

/** Seconds after an outage of a minute until ten seconds in a row are answered to 99 %. */
function recoverySeconds(changes: Partial<AdaptiveThrottleSettings>, wanted: number): number {
  const capacity = (second: number): number => (second >= 60 && second < 120 ? 0 : 2 * CAPACITY);
  const after = simulate(changes, { seconds: 500, wanted: () => wanted, capacity }).slice(120);
  const seconds = after.findIndex((_, start) => {
    const ten = after.slice(start, start + 10);
    return sum(ten, 'answered') >= 0.99 * sum(ten, 'wanted');
  });
  return seconds < 0 ? Infinity : seconds;
}

/** Calls refused without need after ten seconds of ten times the capacity, in seconds' worth of the load (half of the capacity). */
function lostAfterSpike(changes: Partial<AdaptiveThrottleSettings>): number {
  const wanted = (second: number): number => (second >= 60 && second < 70 ? 10 * CAPACITY : CAPACITY / 2);
  const after = simulate(changes, { seconds: 220, wanted, capacity: () => CAPACITY }).slice(70);
  return (sum(after, 'wanted') - sum(after, 'answered')) / (CAPACITY / 2);
}

// Why own refusals are not counted, and the window is not the book's: README, "What we changed of the book, and why".
describe(`the throttle in front of a simulated target (seed ${SEED})`, () => {
  it.each([
    [0.9, 0.9],
    [2, 2],
    [5, 2.8],
    [10, 3.6],
    [100, 7.8],
  ])('by default, at %sx capacity: answers all it could, and sends at most %sx', (load, sentMax) => {
    const { sent, answered } = steady({}, load);
    expect(sent).toBeLessThan(sentMax + 0.02);
    expect(answered).toBeGreaterThan(Math.min(load, 1) * 0.96);
  });

  it('counting its own refusals sends no more than K times the accepts whatever the load, but loses accepts', () => {
    for (const load of [5, 10, 100]) {
      const { sent, answered } = steady({ ...BOOK, windowMs: 10_000 }, load);
      expect(sent).toBeLessThanOrEqual(2.05 * answered);
      expect(answered).toBeLessThan(steady({}, load).answered - 0.05);
    }
  });

  it('without them and with aggression 1 sends the square root of what is wanted', () => {
    const { sent } = steady({ aggression: 1 }, 100);
    expect(sent / Math.sqrt(2 * 100)).toBeCloseTo(1, 1);
  });

  it('comes back from an outage in seconds; counting its own refusals takes minutes', () => {
    expect(recoverySeconds({}, 100)).toBeLessThanOrEqual(3);
    expect(recoverySeconds({}, 5)).toBeLessThanOrEqual(10);
    expect(recoverySeconds({ ...BOOK, windowMs: 10_000 }, 100)).toBeGreaterThan(20);
    expect(recoverySeconds({ ...BOOK, windowMs: 30_000 }, 100)).toBeGreaterThan(100);
  });

  it('loses little after a spike; the window of two minutes remembers it for long', () => {
    expect(lostAfterSpike({})).toBeLessThan(5);
    expect(lostAfterSpike({ windowMs: 120_000 })).toBeGreaterThan(20);
    expect(lostAfterSpike(BOOK)).toBeGreaterThan(30);
  });

  it('sends single probes during an outage', () => {
    const capacity = (second: number): number => (second >= 60 ? 0 : 2 * CAPACITY);
    const outage = simulate({}, { seconds: 120, wanted: () => CAPACITY, capacity }).slice(-30);
    expect(sum(outage, 'sent') / 30).toBeLessThan(2);
    expect(sum(outage, 'sent')).toBeGreaterThan(3);
  });
});
