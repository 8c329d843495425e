import type { Durations } from '../measure';
import type { Stores } from '../options';
import type { SuiteResult } from '../report';

/** What a suite is run with. */
export interface SuiteContext {
  /** Under a minute, with the same figures. */
  readonly quick: boolean;
  readonly seed: number;
  /** What the gifts suite works on; the embedded stores by default. */
  readonly stores?: Stores;
  /** Gifts of the soak and the hot-streamer suite, undefined for their defaults. */
  readonly gifts: number | undefined;
  /** Calls in flight of the gifts suite on real servers, undefined for its default. */
  readonly inFlight?: number | undefined;
  /** How long is measured, where it shall be neither the full nor the quick form. */
  readonly durations?: Durations;
  /** The main module of the standalone mesh. */
  readonly standaloneMain: string;
  /** The Node binary that servers of the mesh suites run on; this process's by default. */
  readonly nodePath?: string | undefined;
  /** Of a suite's variants only those whose name has this in it; all by default. */
  readonly only?: string | undefined;
  /** Folder that the services of `--stores real` write profiles of their CPU to. Default none. */
  readonly profiles?: string | undefined;
  /** Progress, for people. */
  readonly log: (line: string) => void;
}

/** A benchmark. */
export interface Suite {
  readonly name: string;
  /** One line of the help text. */
  readonly summary: string;
  run(context: SuiteContext): Promise<SuiteResult>;
}

/** Full names of the methods that suites load. */
export const SEND_GIFT = '/giftmesh.interaction.v1.InteractionService/SendGift';
/** See {@link SEND_GIFT}. */
export const STREAM_GIFTS = '/giftmesh.interaction.v1.InteractionService/StreamGifts';
