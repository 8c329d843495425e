import { experimental, type Metadata } from '@grpc/grpc-js';
import type { FilledExtras } from '../balancer-extras';
import type { Backend } from '../endpoints/endpoint-balancer';
import type { Gatekeeper } from '../gate/gatekeeper';
import { shedPick } from '../gate/shed-pick';
import { KETAMA } from './ketama-config';
import type { RingDecider, RingLoad } from './ring-decider';

/** What a picker of one ring needs. */
export interface KetamaPickerOptions {
  readonly decider: RingDecider<Backend<RingLoad>>;
  readonly keyHeader: string;
  readonly extras: FilledExtras;
  readonly gatekeeper: Gatekeeper | undefined;
}

/** Sends each call to its key's backend. */
export class KetamaPicker implements experimental.Picker {
  readonly #options: KetamaPickerOptions;

  constructor(options: KetamaPickerOptions) {
    this.#options = options;
  }

  pick(args: experimental.PickArgs): experimental.PickResult {
    const { extras, gatekeeper } = this.#options;
    const nowMs = extras.clock.monotonicMs();
    const gate = gatekeeper?.askFor(args.metadata);
    const admits = ({ name }: Backend<RingLoad>): boolean => gate === undefined || (gate.mayAsk && gate.admits(name));
    const backend = this.#choose(args.metadata, nowMs, admits);
    // Nobody but a gate refuses.
    if (backend === undefined) return gatekeeper?.shed() ?? shedPick();
    const picked = this.#use(backend, args, nowMs);
    return gatekeeper?.watch(backend.name, picked) ?? picked;
  }

  #choose(
    metadata: Metadata,
    nowMs: number,
    admits: (backend: Backend<RingLoad>) => boolean,
  ): Backend<RingLoad> | undefined {
    const { decider, keyHeader, extras } = this.#options;
    const key = keyOf(metadata, keyHeader);
    if (key === undefined) {
      const backend = decider.withoutKey(nowMs, admits);
      extras.onDecision(KETAMA, 'no-key', backend?.name);
      return backend;
    }
    const choice = decider.forKey(key, nowMs, admits);
    if (choice?.bounded === true) extras.onDecision(KETAMA, 'bounded', choice.backend.name);
    return choice?.backend;
  }

  #use(backend: Backend<RingLoad>, args: experimental.PickArgs, nowMs: number): experimental.PickResult {
    const picked = backend.leaf.getPicker().pick(args);
    if (picked.pickResultType !== experimental.PickResultType.COMPLETE) return picked;
    const call = this.#options.decider.picked(backend, nowMs);
    return {
      ...picked,
      onCallStarted: () => {
        call.started();
        picked.onCallStarted?.();
      },
      onCallEnded: (code, details, trailers) => {
        call.ended();
        picked.onCallEnded?.(code, details, trailers);
      },
    };
  }
}

/** A call's key: the header's first value; undefined when there is none or it is empty. */
function keyOf(metadata: Metadata, header: string): string | undefined {
  const [value] = metadata.get(header);
  const key = typeof value === 'string' ? value : value?.toString('base64');
  return key === '' ? undefined : key;
}
