import type { Random } from '@giftmesh/kernel-random';
import { checkRange, type AdmissionDecider, type ConcurrencyDecider } from './admission-decider';
import { admissionDecider, concurrencyDecider, type AdmissionKind, type ConcurrencyKind } from './admission-options';

/** What can be changed while a server runs. */
export interface AdmissionSettings {
  /** Who gets in under overload. Default `dagor`. */
  readonly admission?: AdmissionKind;
  /** How many calls run at once. Default `unlimited`; see the README for when to choose another. */
  readonly concurrency?: ConcurrencyKind;
  /** The most calls that wait for their turn. Default 10,000, range 1 to 1,000,000. */
  readonly queueMax?: number;
}

/** The settings, made into what decides. */
export interface AdmissionParts {
  readonly decider: AdmissionDecider;
  readonly concurrency: ConcurrencyDecider;
  readonly queueMax: number;
}

/** Throws RangeError or TypeError for settings that cannot work. */
export function admissionParts(settings: AdmissionSettings, random: Random): AdmissionParts {
  return {
    decider: admissionDecider(settings.admission ?? { kind: 'dagor' }, random),
    concurrency: concurrencyDecider(settings.concurrency ?? { kind: 'unlimited' }),
    queueMax: checkRange('queueMax', settings.queueMax ?? 10_000, 1, 1_000_000),
  };
}
