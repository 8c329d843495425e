import { connectivityState as State } from '@grpc/grpc-js';
import type { Connectivity } from './aggregate-state-decider';

/** grpc-js's state as a word; one that is shut down is as good as idle. */
export function connectivityOf(state: State): Connectivity {
  switch (state) {
    case State.READY:
      return 'READY';
    case State.CONNECTING:
      return 'CONNECTING';
    case State.TRANSIENT_FAILURE:
      return 'TRANSIENT_FAILURE';
    case State.IDLE:
    case State.SHUTDOWN:
      return 'IDLE';
  }
}
