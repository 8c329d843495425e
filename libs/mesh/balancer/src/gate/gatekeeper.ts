import { experimental, type Metadata } from '@grpc/grpc-js';
import type { OnBalancerDecision } from '../balancer-extras';
import { GATE_ASKED_MAX, type BackendGate } from './backend-gate';
import { shedPick } from './shed-pick';

/** A gate as pickers use it. */
export class Gatekeeper {
  readonly #gate: BackendGate;
  readonly #policy: string;
  readonly #onDecision: OnBalancerDecision;

  constructor(gate: BackendGate, policy: string, onDecision: OnBalancerDecision) {
    this.#gate = gate;
    this.#policy = policy;
    this.#onDecision = onDecision;
  }

  /** The questions for one call. */
  askFor(metadata: Metadata): GateQuestions {
    let asked = 0;
    return {
      admits: (backend) => {
        asked += 1;
        if (this.#admits(backend, metadata)) return true;
        this.#onDecision(this.#policy, 'refused', backend);
        return false;
      },
      get mayAsk() {
        return asked < GATE_ASKED_MAX;
      },
    };
  }

  /** Tells the gate of the call's end. A pick that is no backend stays as it is. */
  watch(backend: string, picked: experimental.PickResult): experimental.PickResult {
    if (picked.pickResultType !== experimental.PickResultType.COMPLETE) return picked;
    return {
      ...picked,
      onCallEnded: (code, details, trailers) => {
        this.#ended(backend, trailers);
        picked.onCallEnded?.(code, details, trailers);
      },
    };
  }

  /** Nobody takes the call. */
  shed(): experimental.PickResult {
    this.#onDecision(this.#policy, 'shed', undefined);
    return shedPick();
  }

  #admits(backend: string, metadata: Metadata): boolean {
    try {
      return this.#gate.admits(backend, metadata);
    } catch {
      this.#onDecision(this.#policy, 'gate-threw', backend);
      return true;
    }
  }

  #ended(backend: string, trailers: Metadata): void {
    try {
      this.#gate.ended(backend, trailers);
    } catch {
      this.#onDecision(this.#policy, 'gate-threw', backend);
    }
  }
}

/** What one call may ask of a gate. */
export interface GateQuestions {
  admits(backend: string): boolean;
  /** False once as many backends were asked about as is sensible. */
  readonly mayAsk: boolean;
}
