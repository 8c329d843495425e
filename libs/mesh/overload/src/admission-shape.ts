import type { Random } from '@giftmesh/kernel-random';
import type { Clock } from '@giftmesh/kernel-time';
import type { OnDecision, ServerPolicy } from '@giftmesh/mesh-context';
import type { AdmissionSettings } from './admission-settings';
import type { LoopMonitor } from './loop-monitor';
import type { Priorities } from './priorities';
import type { Priority } from './priority';

export interface AdmissionOptions extends AdmissionSettings {
  /** Where calls get their priorities; needed to refuse by metadata alone. Default: refusals come in `begin` only. */
  readonly priorities?: Priorities;
  /** Whether what callers say they have shed is believed. Default false. */
  readonly trustReports?: boolean;
  /** Length of a window, milliseconds. Default 100, range 10 to 10,000. */
  readonly windowMs?: number;
  /**
   * For how long handlers may be started in one turn of the event loop, milliseconds; then answers are sent and new calls are
   * read before it goes on. Default 10, range 1 to 1,000. A handler that computes for longer takes a turn of its own.
   */
  readonly sliceMs?: number;
  /** Default the process's real time. */
  readonly clock?: Clock;
  /** Default this thread's event loop. */
  readonly loop?: LoopMonitor;
  /** For admission by chance. Default seeded by 1. */
  readonly random?: Random;
  /** `level`, `queue`, `wait`: a call was shed; `malformed`: a report that is none; `ignored`: one that isn't believed. */
  readonly onDecision?: OnDecision;
}

/** Overload control around a server's handlers. */
export interface Admission extends ServerPolicy {
  /** Changes how it decides. Throws RangeError or TypeError, and stays as it was, when a setting is wrong. */
  configure(settings: AdmissionSettings): void;
  /** The least important priority that gets in now. */
  readonly level: Priority;
  /** Calls that wait for their turn. */
  readonly waiting: number;
  /** Calls that have had it and are not over. */
  readonly running: number;
  /** Calls that were shed since the start, by business priority (0 to 127); priorities of which none was are absent. */
  sheds(): ReadonlyMap<number, number>;
  /** Ends its timers. */
  stop(): void;
}
