export { Batcher, type BatcherOptions } from './batcher';
export { SingleFlight } from './single-flight';
export { deferred, type Deferred } from './deferred';
export { raceSignal } from './race-signal';
export { ObjectReader, type ObjectReaderOptions, type ObjectSource } from './object-reader';
