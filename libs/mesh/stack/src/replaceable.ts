import type { ClientPolicy } from '@giftmesh/mesh-context';

/**
 * A place in a chain of policies whose policy can be replaced or left out while calls go on. A call's end goes to the policy that is
 * there then: policies keep what they know of a call with the call, so one that has not seen its beginning makes nothing of it.
 */
export class Replaceable {
  readonly policy: ClientPolicy;
  #current: ClientPolicy | undefined;

  /** @param form how policies of this place work: around calls, or by looking at their beginnings and ends. */
  constructor(name: string, form: 'around' | 'observer', current: ClientPolicy | undefined) {
    this.#current = current;
    this.policy =
      form === 'observer'
        ? {
            name,
            begin: (call) => this.#current?.begin?.(call),
            end: (call, error) => this.#current?.end?.(call, error),
          }
        : {
            name,
            call: (call, next) => this.#current?.call?.(call, next) ?? next(call),
            stream: (call, next) => this.#current?.stream?.(call, next) ?? next(call),
          };
  }

  /** The policy that is there, undefined for none. */
  get current(): ClientPolicy | undefined {
    return this.#current;
  }

  /** Puts another there, or none. */
  replace(policy: ClientPolicy | undefined): void {
    this.#current = policy;
  }
}
