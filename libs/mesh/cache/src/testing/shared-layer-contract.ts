import type { SharedLayer } from '../shared-layer';

/** An empty layer, as two processes see it. */
export interface SharedLayerHarness {
  readonly layer: SharedLayer;
  readonly other: SharedLayer;
  /** Lets so much time pass, milliseconds. */
  readonly pass: (ms: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * What every shared layer must do. Calls jest's `describe` and `it`.
 * @param open a new, empty layer each time; the suite closes it.
 */
export function sharedLayerContract(name: string, open: () => Promise<SharedLayerHarness>): void {
  describe(`${name} keeps the contract of SharedLayer`, () => {
    let harness: SharedLayerHarness;
    beforeEach(async () => {
      harness = await open();
    });
    afterEach(() => harness.close());

    it('has nothing at first', async () => {
      expect(await harness.layer.get('k')).toBeUndefined();
      await harness.layer.delete('k');
    });

    it('keeps texts exactly, for all processes, and says how long they still live', async () => {
      const text = 'ä\n\0 {"a":"9223372036854775807"} 💎';
      await harness.layer.set('k/1 {x}', text, 60_000);
      const entry = await harness.other.get('k/1 {x}');
      expect(entry?.text).toBe(text);
      expect(entry?.leftMs).toBeGreaterThan(30_000);
      expect(entry?.leftMs).toBeLessThanOrEqual(60_000);
      expect(await harness.other.get('k/1')).toBeUndefined();
    });

    it('puts one text in the place of another, with a life of its own', async () => {
      await harness.layer.set('k', 'first', 60_000);
      await harness.other.set('k', 'second', 600_000);
      const entry = await harness.layer.get('k');
      expect(entry?.text).toBe('second');
      expect(entry?.leftMs).toBeGreaterThan(60_000);
    });

    it('forgets at the end of a life, and when it is told to', async () => {
      await harness.layer.set('short', 'a', 40);
      await harness.layer.set('k', 'b', 60_000);
      await harness.pass(60);
      expect(await harness.layer.get('short')).toBeUndefined();
      await harness.other.delete('k');
      expect(await harness.layer.get('k')).toBeUndefined();
    });
  });
}
