export { Drain, type Drainable, type DrainOptions, type DrainOutcome } from './drain';
export { onSignals, type SignalActions, type SignalSource } from './on-signals';
