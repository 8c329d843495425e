import type { EncodedBatch } from './event-log-batch';
import type { DropResult, Released } from './event-log-commit';

/** To the writer's thread. Answered in order. */
export type ThreadRequest =
  | { readonly kind: 'commit'; readonly id: number; readonly batches: readonly EncodedBatch[]; readonly nowMs: number }
  | {
      readonly kind: 'drop';
      readonly id: number;
      readonly released: readonly Released[];
      readonly beforeMs: number;
      readonly limit: number;
    }
  | { readonly kind: 'close' };

/** An error on its way between threads: their classes differ. */
export interface ThreadError {
  readonly message: string;
  readonly code: string | undefined;
}

/** From the writer's thread. */
export type ThreadAnswer =
  | { readonly kind: 'committed'; readonly id: number; readonly offsets: readonly number[] }
  | { readonly kind: 'dropped'; readonly id: number; readonly result: DropResult }
  | { readonly kind: 'failed'; readonly id: number; readonly error: ThreadError }
  /** The file can't be opened; the thread ends. */
  | { readonly kind: 'not_opened'; readonly error: ThreadError };
