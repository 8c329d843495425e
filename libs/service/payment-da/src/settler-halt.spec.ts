import { LogPositionError, type EventLog, type LogEntry, type SubscribeOptions } from '@giftmesh/domain-money';
import { Settler } from './settler';
import { gift, setUp, SHARDS } from './settler-test-kit';

/** A log whose subscriber is called by the test. */
function setUpByHand() {
  const parts = setUp();
  let subscriber: SubscribeOptions<LogEntry> | undefined;
  const log = Object.assign(Object.create(parts.log) as EventLog<LogEntry>, {
    subscribe: (options: SubscribeOptions<LogEntry>) => {
      subscriber = options;
      return { close: async () => undefined };
    },
    release: async () => undefined,
  });
  const { clock, codec, ledger, positions } = parts;
  const notices = { publish: async () => undefined, subscribe: () => async () => undefined };
  const settler = new Settler({ clock, log, codec, ledger, positions, shards: SHARDS, notices });
  settler.start();
  return { ...parts, settler, subscriber: subscriber as unknown as SubscribeOptions<LogEntry> };
}

describe('a halted settler', () => {
  const halt = new LogPositionError({ partition: 0, offset: 9 }, 0, 5);

  it.each<[string, Error | undefined]>([
    ['succeeds', undefined],
    ['fails', new Error('the ledger is away')],
  ])('says that it has halted, also when a batch that still ran %s afterwards', async (_, trouble) => {
    const { ledger, settler, subscriber } = setUpByHand();
    ledger.trouble = () => trouble;
    const batch = subscriber.onRecords([{ partition: 0, offset: 0, content: { ok: true, value: gift(1) } }]);
    subscriber.onHalt(halt);
    await batch.catch(() => undefined);
    expect(settler.failure).toBe(halt);
  });
});
