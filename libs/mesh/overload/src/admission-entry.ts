import type { CallContext } from '@giftmesh/mesh-context';

/** A call that waits for its turn, or has it. */
export interface AdmissionEntry {
  readonly call: CallContext;
  /** When the caller sent it, as far as can be told, by this clock. */
  readonly sentMs: number;
  startedMs: number;
  /** Of one that waits: give it its turn, or refuse it. */
  admit?: () => void;
  refuse?: (error: Error) => void;
}
