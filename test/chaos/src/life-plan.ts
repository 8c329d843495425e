import type { Random } from '@giftmesh/kernel-random';

/** How one life of the process ends. Times are milliseconds. */
export type LifePlan =
  /** SIGKILL while it starts: this long after it was started, ready or not. */
  | { readonly kind: 'kill_at_start'; readonly afterSpawnMs: number }
  /** SIGKILL under load, this long after it was ready. */
  | { readonly kind: 'kill'; readonly afterReadyMs: number }
  /** SIGKILL right behind this answer: what was answered a moment ago must be there. */
  | { readonly kind: 'kill_at_answer'; readonly answers: number }
  /** SIGTERM under load. */
  | { readonly kind: 'drain'; readonly afterReadyMs: number }
  /** SIGTERM under load, and SIGKILL while it drains. */
  | { readonly kind: 'kill_in_drain'; readonly afterReadyMs: number; readonly thenMs: number };

/** The latest that a life ends after it was ready, milliseconds. */
export const LIFE_MAX_MS = 1_500;
const KILL_MIN_MS = 20;
const START_MAX_MS = 900;
const DRAIN_MAX_MS = 150;
const ANSWERS_MAX = 400;

/** Draws how the next life ends. Four of five end under load. */
export function drawLifePlan(random: Random): LifePlan {
  const kind = random.next();
  const afterReadyMs = random.integer(KILL_MIN_MS, LIFE_MAX_MS);
  if (kind < 0.15) return { kind: 'kill_at_start', afterSpawnMs: random.integer(KILL_MIN_MS, START_MAX_MS) };
  if (kind < 0.7) return { kind: 'kill', afterReadyMs };
  if (kind < 0.85) return { kind: 'kill_at_answer', answers: random.integer(1, ANSWERS_MAX) };
  if (kind < 0.95) return { kind: 'drain', afterReadyMs };
  return { kind: 'kill_in_drain', afterReadyMs, thenMs: random.integer(0, DRAIN_MAX_MS) };
}

/** True when the life ends by SIGKILL. */
export const isKill = (plan: LifePlan): boolean => plan.kind !== 'drain';
