import { uuidV7TimeMs } from '@giftmesh/kernel-ids';

/** Over which times of event ids an event may still be executed. */
export interface AcceptanceWindow {
  /** Oldest id that is executed, milliseconds before now. An hour is long enough for every sane retry. */
  readonly pastMs: number;
  /** Newest id that is executed, milliseconds after now: how far clients' clocks may be ahead. */
  readonly futureMs: number;
}

export const DEFAULT_ACCEPTANCE_WINDOW: AcceptanceWindow = { pastMs: 3_600_000, futureMs: 300_000 };

/** Where the time of an event id lies: only what is inside may still be executed. */
export type WindowPlace = 'inside' | 'expired' | 'future';

/** Where the time of an event id lies. */
export function placeInWindow(eventId: string, nowMs: number, window: AcceptanceWindow): WindowPlace {
  const timeMs = uuidV7TimeMs(eventId);
  if (timeMs < nowMs - window.pastMs) return 'expired';
  return timeMs > nowMs + window.futureMs ? 'future' : 'inside';
}
