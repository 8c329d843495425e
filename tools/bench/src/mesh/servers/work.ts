import type { ClientSpec } from '../clients/client-spec';

/** What a server's handler does, as plain data. */
export type WorkSpec =
  /** Nothing. */
  | { readonly kind: 'echo' }
  /** Keeps the event loop busy. Capacity: 1000 / workMs calls a second. */
  | { readonly kind: 'cpu'; readonly workMs: number }
  /** Waits in one of a number of slots; those without a slot queue up. Capacity: slots × 1000 / waitMs calls a second. */
  | { readonly kind: 'slots'; readonly slots: number; readonly waitMs: number }
  /** Calls another server. */
  | {
      readonly kind: 'relay';
      readonly client: ClientSpec;
      /** Calls for each incoming one, one after another; all must succeed. */
      readonly calls: number;
      /** How often each of them is sent at most, whatever policies add: 1 leaves sending again to those. */
      readonly sendsMax: number;
    };

/** The call that work is done for. */
export interface WorkCall {
  /** `/package.Service/Method`. */
  readonly method: string;
  /** Milliseconds until its deadline. */
  remainingMs(): number;
}

/** Work for one call: done when it returns, or when its promise resolves. Throws StatusErrors. */
export type Work = (call: WorkCall) => void | Promise<void>;
