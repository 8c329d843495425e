import { indifferent, type AdmissionDecider, type WaitingOrder } from './admission-decider';
import { LEVEL_OPEN, type Priority } from './priority';

/** Lets everybody in, in the order of their arrival: for a concurrency limit alone, and to compare with. */
export class OpenDecider implements AdmissionDecider {
  readonly name: string = 'none';
  readonly level: Priority = LEVEL_OPEN;
  readonly waitingMax = Infinity;
  readonly done = indifferent.done;
  readonly emptied = indifferent.emptied;
  readonly window = indifferent.window;
  readonly shedElsewhere = indifferent.shedElsewhere;
  arrives(): boolean {
    return true;
  }

  turn(): boolean {
    return true;
  }

  order(): WaitingOrder {
    return 'first-in';
  }
}
