import type { Cancel, Clock } from '@giftmesh/kernel-time';
import type { HealthRegistry } from './health-registry';

export interface PollDependencyOptions {
  readonly registry: HealthRegistry;
  readonly service: string;
  /** Name of the dependency, unique to the service. */
  readonly dependency: string;
  /** Undefined while the dependency is there, or why it is not; a rejection counts as away. */
  readonly check: () => string | undefined | Promise<string | undefined>;
  readonly clock: Clock;
  /** Between checks, milliseconds. Default 200. */
  readonly intervalMs?: number;
  /** Told of every change, the first state included. */
  readonly onChange?: (problem: string | undefined) => void;
}

/** Keeps a service's dependency in a registry up to date by asking again and again. Away until the first answer. Returns how to stop. */
export function pollDependency(options: PollDependencyOptions): () => void {
  const { registry, service, dependency, check, clock, intervalMs = 200, onChange = () => undefined } = options;
  if (!(intervalMs > 0)) throw new RangeError(`intervalMs must be positive, got ${intervalMs}`);
  let known: { readonly problem: string | undefined } | undefined;
  let cancel: Cancel | undefined;
  let stopped = false;
  const note = (problem: string | undefined): void => {
    if (stopped) return;
    registry.setDependency(service, dependency, problem === undefined);
    if (known === undefined || known.problem !== problem) onChange(problem);
    known = { problem };
    cancel = clock.schedule(intervalMs, look);
  };
  const look = (): void => {
    new Promise<string | undefined>((resolve) => resolve(check())).then(note, (error: unknown) =>
      note(error instanceof Error ? error.message : String(error)),
    );
  };
  registry.setDependency(service, dependency, false);
  look();
  return () => {
    stopped = true;
    cancel?.();
  };
}
