import type { Random } from '@giftmesh/kernel-random';
import { AdaptiveLimit, type AdaptiveLimitOptions } from './adaptive-limit-decider';
import type { AdmissionDecider, ConcurrencyDecider } from './admission-decider';
import { CodelDecider, type CodelOptions } from './codel-decider';
import { DagorDecider, type DagorOptions } from './dagor-decider';
import { CONCURRENCY_MAX, FixedLimit } from './fixed-limit-decider';
import { Gradient2Limit, type Gradient2Options } from './gradient2-limit-decider';
import { OpenDecider } from './open-decider';
import { RandomDecider, type RandomOptions } from './random-decider';

/** Who gets in under overload. */
export type AdmissionKind =
  | ({ readonly kind: 'dagor' } & DagorOptions)
  | ({ readonly kind: 'codel' } & CodelOptions)
  | ({ readonly kind: 'random' } & Omit<RandomOptions, 'random'>)
  | { readonly kind: 'none' };

/** How many calls run at once: found by itself in one of two ways, or fixed. */
export type ConcurrencyKind =
  | ({ readonly kind: 'adaptive' } & AdaptiveLimitOptions)
  | ({ readonly kind: 'gradient2' } & Gradient2Options)
  | { readonly kind: 'fixed'; readonly limit: number }
  | { readonly kind: 'unlimited' };

/** Makes the decider. Throws RangeError for options out of range, TypeError for an unknown kind. */
export function admissionDecider(options: AdmissionKind, random: Random): AdmissionDecider {
  switch (options.kind) {
    case 'dagor':
      return new DagorDecider(options);
    case 'codel':
      return new CodelDecider(options);
    case 'random':
      return new RandomDecider({ ...options, random });
    case 'none':
      return new OpenDecider();
    default:
      throw new TypeError(`no admission of kind ${JSON.stringify((options as { kind: unknown }).kind)}`);
  }
}

/** Makes the decider. Throws RangeError for options out of range, TypeError for an unknown kind. */
export function concurrencyDecider(options: ConcurrencyKind): ConcurrencyDecider {
  switch (options.kind) {
    case 'adaptive':
      return new AdaptiveLimit(options);
    case 'gradient2':
      return new Gradient2Limit(options);
    case 'fixed':
      return new FixedLimit(options.limit);
    case 'unlimited':
      return new FixedLimit(CONCURRENCY_MAX);
    default:
      throw new TypeError(`no concurrency of kind ${JSON.stringify((options as { kind: unknown }).kind)}`);
  }
}
