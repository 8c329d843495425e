import type { CallClass } from '../load/load-plan';
import { workService } from '../work-service';

/** What is offered: most of it of little worth. At ten times its capacity a service can still serve the first class twice over. */
export const CALL_CLASSES: readonly CallClass[] = [
  { name: 'pay', method: workService.pay.path, share: 0.05 },
  { name: 'gift', method: workService.gift.path, share: 0.1 },
  { name: 'enter', method: workService.enter.path, share: 0.25 },
  { name: 'browse', method: workService.browse.path, share: 0.6 },
];

/** The class that must get through. */
export const TOP_CLASS = 'pay';
/** Time that a call is given, milliseconds. */
export const DEADLINE_MS = 500;
