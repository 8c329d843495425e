import { EventEmitter } from 'node:events';
import { onSignals } from './on-signals';

describe('onSignals', () => {
  it('drains on the first signal of any kind and is in a hurry on every further one', () => {
    const source = new EventEmitter();
    const seen: string[] = [];
    const stop = onSignals(
      ['SIGTERM', 'SIGINT'],
      { first: (signal) => seen.push(`first ${signal}`), again: (signal) => seen.push(`again ${signal}`) },
      source,
    );
    source.emit('SIGTERM');
    source.emit('SIGINT');
    source.emit('SIGTERM');
    expect(seen).toEqual(['first SIGTERM', 'again SIGINT', 'again SIGTERM']);
    stop();
    expect([source.listenerCount('SIGTERM'), source.listenerCount('SIGINT')]).toEqual([0, 0]);
  });
});
