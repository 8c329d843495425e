import { experimental } from '@grpc/grpc-js';
import type { Clock } from '@giftmesh/kernel-time';
import type { FilledExtras } from '../balancer-extras';
import type { Backend } from '../endpoints/endpoint-balancer';
import type { Gatekeeper } from '../gate/gatekeeper';
import type { BackendLoad } from './backend-load-decider';
import { callOutcome } from './call-outcome-decider';
import { P2cDecider } from './p2c-decider';

/** Asks the decider for each call, and tells the backends' loads what became of it. */
export class P2cPicker implements experimental.Picker {
  readonly #decider: P2cDecider<Backend<BackendLoad>>;
  readonly #clock: Clock;
  readonly #gatekeeper: Gatekeeper | undefined;

  constructor(ready: readonly Backend<BackendLoad>[], extras: FilledExtras, gatekeeper: Gatekeeper | undefined) {
    this.#decider = new P2cDecider(ready, extras.random);
    this.#clock = extras.clock;
    this.#gatekeeper = gatekeeper;
  }

  pick(args: experimental.PickArgs): experimental.PickResult {
    const nowMs = this.#clock.monotonicMs();
    const choice = this.#decider.choose(nowMs);
    if (this.#gatekeeper === undefined) return this.#use(choice[0] as Backend<BackendLoad>, args, nowMs);
    const gate = this.#gatekeeper.askFor(args.metadata);
    const admitted =
      choice.find(({ name }) => gate.admits(name)) ??
      this.#decider.others(choice, nowMs).find(({ name }) => gate.mayAsk && gate.admits(name));
    if (admitted === undefined) return this.#gatekeeper.shed();
    return this.#gatekeeper.watch(admitted.name, this.#use(admitted, args, nowMs));
  }

  #use(backend: Backend<BackendLoad>, args: experimental.PickArgs, nowMs: number): experimental.PickResult {
    const picked = backend.leaf.getPicker().pick(args);
    if (picked.pickResultType !== experimental.PickResultType.COMPLETE) return picked;
    const call = backend.load.picked(nowMs);
    let startedMs = nowMs;
    return {
      ...picked,
      onCallStarted: () => {
        startedMs = this.#clock.monotonicMs();
        call.started();
        picked.onCallStarted?.();
      },
      onCallEnded: (code, details, trailers) => {
        const endedMs = this.#clock.monotonicMs();
        call.ended();
        backend.load.observe(callOutcome(code), endedMs - startedMs, endedMs);
        picked.onCallEnded?.(code, details, trailers);
      },
    };
  }
}
