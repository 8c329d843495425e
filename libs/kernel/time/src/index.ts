export { sleep, type Cancel, type Clock } from './clock';
export { SimulatedClock } from './simulated-clock';
export { systemClock } from './system-clock';
