import { murmur3 } from './murmur3';

/** The most points of a ring; with more, each backend gets fewer in proportion, but at least one. */
export const RING_POINTS_MAX = 262_144;

/**
 * A ketama ring (Karger et al. 1997; points as in libketama, with MurmurHash3 for MD5): each backend stands at many points of a
 * circle of 2^32, a key belongs to the first point at or behind its hash. When a backend leaves, only its own keys move; when
 * one comes, it takes its share from all. With p points each a backend's share is 1 ± 1/√p of the mean (one standard
 * deviation): 8 % at 160.
 */
export class KetamaRing<Backend extends { readonly name: string }> {
  readonly #hashes: Uint32Array;
  readonly #owners: readonly Backend[];
  readonly #backends: number;

  /**
   * @param backends their names differ; a name has the same points in every process.
   * @param pointsPerBackend for weight 1.
   * @param weightOf a backend's share of the keys, relative to the others'; above 0. Default 1 for all.
   */
  constructor(
    backends: readonly Backend[],
    pointsPerBackend: number,
    weightOf: (backend: Backend) => number = () => 1,
  ) {
    const wanted = backends.reduce((sum, backend) => sum + weightOf(backend) * pointsPerBackend, 0);
    const scale = Math.min(1, RING_POINTS_MAX / wanted);
    const points = backends.flatMap((backend) => {
      const count = Math.max(1, Math.floor(weightOf(backend) * pointsPerBackend * scale));
      return Array.from({ length: count }, (_, index) => ({ hash: murmur3(`${backend.name}-${index}`), backend }));
    });
    // Where two points meet, the name decides: the order of the backends must not.
    points.sort((a, b) => a.hash - b.hash || (a.backend.name < b.backend.name ? -1 : 1));
    this.#hashes = Uint32Array.from(points, ({ hash }) => hash);
    this.#owners = points.map(({ backend }) => backend);
    this.#backends = backends.length;
  }

  /** How many points the ring has. */
  get size(): number {
    return this.#owners.length;
  }

  /** The owner of `key`, undefined when the ring is empty. */
  owner(key: string): Backend | undefined {
    return this.find(key, () => true);
  }

  /**
   * The first backend from `key` on that `takes` accepts, undefined when none does. Asks each backend once, in the order of the
   * ring: the same key goes the same way everywhere.
   */
  find(key: string, takes: (backend: Backend) => boolean): Backend | undefined {
    const start = this.#firstAt(murmur3(key));
    const asked = new Set<Backend>();
    for (let step = 0; step < this.#owners.length && asked.size < this.#backends; step += 1) {
      const backend = this.#owners[(start + step) % this.#owners.length] as Backend;
      if (asked.has(backend)) continue;
      asked.add(backend);
      if (takes(backend)) return backend;
    }
    return undefined;
  }

  /** Index of the first point at or behind `hash`, round the end of the circle. */
  #firstAt(hash: number): number {
    let low = 0;
    let high = this.#hashes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#hashes[middle] as number) < hash) low = middle + 1;
      else high = middle;
    }
    return low === this.#hashes.length ? 0 : low;
  }
}
