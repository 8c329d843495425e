import type { ClientSpec } from '../clients/client-spec';
import type { Fault } from '../servers/fault';
import type { ServerSpec } from '../servers/server-spec';

/** How the layers between the users and the backend call the next one. */
export interface RetryStormVariant {
  readonly name: string;
  readonly stack: ServerSpec['stack'];
  readonly client: Pick<ClientSpec, 'kind' | 'policies'>;
  /** Tries of each layer, those of policies apart. */
  readonly sendsMax: number;
  readonly isOurs: boolean;
}

/** What the suite does, as data. */
export interface RetryStormPlan {
  readonly layers: number;
  readonly perSecond: number;
  readonly deadlineMs: number;
  readonly variants: readonly RetryStormVariant[];
  /** The ways in which the backend fails. */
  readonly faults: readonly (Fault & { readonly name: string })[];
  /** Before anything is counted, so that connections stand and code is compiled. */
  readonly warmUpSeconds: number;
  readonly calmSeconds: number;
  readonly faultSeconds: number;
  readonly afterSeconds: number;
}

/** About two minutes. */
export const FULL_RETRY_STORM: RetryStormPlan = {
  layers: 3,
  // Naive tries make 27 calls of one, all on the same machine: at more than this it is full, and nothing but that is measured.
  perSecond: 40,
  deadlineMs: 2_000,
  variants: [
    { name: 'naive', stack: 'bare', client: { kind: 'plain' }, sendsMax: 3, isOurs: false },
    { name: 'budget', stack: 'mesh', client: { kind: 'mesh', policies: 'retries' }, sendsMax: 1, isOurs: true },
    { name: 'full', stack: 'mesh', client: { kind: 'mesh', policies: 'full' }, sendsMax: 1, isOurs: true },
  ],
  faults: [
    { name: 'fast', share: 1, delayMs: 0 },
    // Slow enough that hedges go out before the first try has failed.
    { name: 'slow', share: 1, delayMs: 300 },
  ],
  warmUpSeconds: 2,
  calmSeconds: 2,
  faultSeconds: 10,
  afterSeconds: 5,
};

/** About a minute. */
export const QUICK_RETRY_STORM: RetryStormPlan = {
  ...FULL_RETRY_STORM,
  warmUpSeconds: 1,
  calmSeconds: 1,
  faultSeconds: 4,
  afterSeconds: 3,
};
