/** The part of `process` that signals come from. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
}

/** What to do on signals. Neither must throw. */
export interface SignalActions {
  /** On the first signal: drain, and let the process end. */
  readonly first: (signal: NodeJS.Signals) => void;
  /** On every further one: somebody is in a hurry. */
  readonly again: (signal: NodeJS.Signals) => void;
}

/**
 * Listens to signals until the returned function is called. The exit code stays the caller's business.
 * @param source default `process`.
 */
export function onSignals(
  signals: readonly NodeJS.Signals[],
  actions: SignalActions,
  source: SignalSource = process,
): () => void {
  let seen = false;
  const listeners = signals.map((signal) => {
    const listener = (): void => {
      const action = seen ? actions.again : actions.first;
      seen = true;
      action(signal);
    };
    source.on(signal, listener);
    return { signal, listener };
  });
  return () => {
    for (const { signal, listener } of listeners) source.off(signal, listener);
  };
}
