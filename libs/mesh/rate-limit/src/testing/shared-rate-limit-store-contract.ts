import type { Decision } from '../rate-limiter';
import type { SharedRateLimitStore } from '../shared-rate-limit-store';
import { ALGORITHMS, atOnce, sampleLimit } from './sample-limits';

/** A store under test, empty. */
export interface StoreHarness {
  readonly store: SharedRateLimitStore;
  /** The same limits, seen by another process. */
  readonly other: SharedRateLimitStore;
  /** Lets so many milliseconds of the store's clock pass. */
  readonly pass: (ms: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

const HOUR_MS = 3_600_000;
const WINDOW_MS = 300;

/** What every store of shared rate limits promises. */
export function sharedRateLimitStoreContract(name: string, open: () => Promise<StoreHarness>): void {
  describe(`${name} as a SharedRateLimitStore`, () => {
    let harness: StoreHarness;
    beforeEach(async () => {
      harness = await open();
    });
    afterEach(async () => {
      await harness.close();
    });

    describe.each(ALGORITHMS)('%s', (algorithm) => {
      const permits = 10;
      const most = atOnce(algorithm, permits);
      const long = sampleLimit(algorithm, permits, HOUR_MS);
      const short = sampleLimit(algorithm, permits, WINDOW_MS);
      const count = (decisions: readonly Decision[]): number => decisions.filter(({ allowed }) => allowed).length;

      it('gives what the limit has, one after another and no more, to both who share it', async () => {
        const decisions: Decision[] = [];
        for (let round = 0; round < permits; round += 1) {
          for (const store of [harness.store, harness.other]) decisions.push(await store.acquire('k', long, 1));
        }
        expect(count(decisions)).toBe(most);
        expect(decisions.slice(0, most).map(({ remaining }) => remaining)).toEqual(
          Array.from({ length: most }, (_, index) => most - 1 - index),
        );
        for (const { allowed, remaining, retryAfterMs } of decisions.slice(most)) {
          expect([allowed, remaining]).toEqual([false, 0]);
          expect(Number.isInteger(retryAfterMs) && retryAfterMs > 0 && retryAfterMs <= 2 * HOUR_MS).toBe(true);
        }
      });

      it('gives no more to many who ask at once', async () => {
        const asked = Array.from({ length: 100 }, (_, index) =>
          (index % 2 === 0 ? harness.store : harness.other).acquire('k', long, 1),
        );
        expect(count(await Promise.all(asked))).toBe(most);
      });

      it('keeps its word about when to come back', async () => {
        for (let round = 0; round < 3; round += 1) {
          const asked = Array.from({ length: 3 * permits }, () => harness.store.acquire('k', short, 1));
          const { allowed, retryAfterMs } = (await Promise.all(asked)).at(-1) as Decision;
          expect([allowed, retryAfterMs > 0, retryAfterMs <= 2 * WINDOW_MS]).toEqual([false, true, true]);
          await harness.pass(retryAfterMs);
          expect(await harness.other.acquire('k', short, 1)).toMatchObject({ allowed: true, retryAfterMs: 0 });
        }
      });

      it('takes all permits of a request or none', async () => {
        expect((await harness.store.acquire('k', long, 6)).allowed).toBe(true);
        expect((await harness.store.acquire('k', long, 6)).allowed).toBe(false);
        expect((await harness.store.acquire('k', long, 4)).allowed).toBe(algorithm !== 'leaky-bucket');
        expect((await harness.store.acquire('k', long, 1)).allowed).toBe(false);
      });

      it('refuses what it can never give, and takes nothing for it', async () => {
        expect(await harness.store.acquire('k', long, permits + 1)).toMatchObject({
          allowed: false,
          retryAfterMs: Infinity,
        });
        expect(await harness.store.acquire('k', long, permits)).toMatchObject({ allowed: true, remaining: 0 });
      });

      it('keeps keys apart, whatever is in them', async () => {
        const keys = ['', 'a', 'a ', 'A', '{a}', '*', 'a\n', 'ä', '\u0000', 'x'.repeat(1_024)];
        for (const key of keys) expect((await harness.store.acquire(key, long, permits)).allowed).toBe(true);
        for (const key of keys) expect((await harness.other.acquire(key, long, 1)).allowed).toBe(false);
      });

      it('goes on with a limit that was changed', async () => {
        await harness.store.acquire('k', long, permits);
        const larger = sampleLimit(algorithm, 1_000, HOUR_MS);
        expect([true, false]).toContain((await harness.store.acquire('k', larger, 1)).allowed);
        const one = sampleLimit(algorithm, 1, HOUR_MS);
        const decisions = [await harness.store.acquire('k', one, 1), await harness.store.acquire('k', one, 1)];
        expect(decisions[1]).toMatchObject({ allowed: false, remaining: 0 });
      });
    });

    it('keeps algorithms and windows of one key apart', async () => {
      for (const algorithm of ALGORITHMS) {
        for (const windowMs of [HOUR_MS, HOUR_MS / 2]) {
          const { allowed } = await harness.store.acquire('k', sampleLimit(algorithm, 1, windowMs), 1);
          expect([algorithm, windowMs, allowed]).toEqual([algorithm, windowMs, true]);
        }
      }
    });

    it('saves as much as the burst of a token bucket', async () => {
      const limit = { algorithm: 'token-bucket', permits: 1, windowMs: HOUR_MS, burst: 5 } as const;
      expect(await harness.store.acquire('k', limit, 5)).toMatchObject({ allowed: true, remaining: 0 });
      expect(await harness.store.acquire('k', limit, 6)).toMatchObject({ allowed: false, retryAfterMs: Infinity });
    });

    it.each([0, -1, 1.5, NaN, Infinity])('rejects %s permits', async (permits) => {
      const limit = sampleLimit('token-bucket', 1, HOUR_MS);
      await expect(harness.store.acquire('k', limit, permits)).rejects.toThrow(RangeError);
    });

    it('rejects a key that is too long and a limit that is wrong', async () => {
      const limit = sampleLimit('token-bucket', 1, HOUR_MS);
      await expect(harness.store.acquire('x'.repeat(1_025), limit, 1)).rejects.toThrow(RangeError);
      await expect(harness.store.acquire('k', { ...limit, permits: 0 }, 1)).rejects.toThrow('limit.permits');
    });
  });
}
