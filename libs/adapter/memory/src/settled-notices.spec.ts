import { Worker } from 'node:worker_threads';
import type { Codec, SettledNotice } from '@giftmesh/domain-money';
import { ThreadSettledNotices } from './settled-notices';

/** Notices by the ids of their events alone. */
const codec: Codec<SettledNotice> = {
  encode: ({ events }) => Buffer.from(events.map(({ eventId }) => eventId).join()),
  decode: (bytes) => ({
    counters: [],
    events: Buffer.from(bytes)
      .toString()
      .split(',')
      .map((eventId) => ({ opUserId: 1n, eventId })),
  }),
};
const notice = (...ids: string[]): SettledNotice => ({
  counters: [],
  events: ids.map((eventId) => ({ opUserId: 1n, eventId })),
});
const idsOf = ({ events }: SettledNotice): string => events.map(({ eventId }) => eventId).join();

let channels = 0;

describe('ThreadSettledNotices', () => {
  let channel: string;
  let notices: ThreadSettledNotices[];
  let stops: (() => Promise<void>)[];
  beforeEach(() => {
    channel = `settled-notices-spec-${process.pid}-${(channels += 1)}`;
    notices = [];
    stops = [];
  });
  afterEach(async () => {
    for (const one of notices) one.close();
    for (const stop of stops) await stop();
  });

  const open = (name = channel): ThreadSettledNotices => {
    const one = new ThreadSettledNotices(name, codec);
    notices.push(one);
    return one;
  };
  const listen = (from: ThreadSettledNotices): { readonly heard: string[]; readonly stop: () => Promise<void> } => {
    const heard: string[] = [];
    const stop = from.subscribe((one) => heard.push(idsOf(one)));
    stops.push(stop);
    return { heard, stop };
  };
  /** Messages of a channel keep their order, so once `last` has come nothing before it is still on its way. */
  const until = async (heard: readonly string[], last: string): Promise<void> => {
    const startedAtMs = performance.now();
    while (heard.at(-1) !== last) {
      if (performance.now() - startedAtMs > 10_000) throw new Error(`${last} never came: ${heard.join(' ')}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  it('brings notices in order to all who listen on its channel, and to no other channel', async () => {
    const [publisher, other] = [open(), open(`${channel}-other`)];
    const [one, two, stranger] = [listen(open()), listen(publisher), listen(other)];
    await publisher.publish(notice('a', 'b'));
    await publisher.publish(notice('c'));
    await other.publish(notice('x'));
    await until(one.heard, 'c');
    await until(two.heard, 'c');
    await until(stranger.heard, 'x');
    expect([one.heard, two.heard, stranger.heard]).toEqual([['a,b', 'c'], ['a,b', 'c'], ['x']]);
  });

  it('keeps nothing for those who come later, and tells nothing to those who have left', async () => {
    const publisher = open();
    const early = listen(open());
    await publisher.publish(notice('a'));
    await until(early.heard, 'a');
    const late = listen(open());
    await early.stop();
    await publisher.publish(notice('b'));
    await until(late.heard, 'b');
    expect([early.heard, late.heard]).toEqual([['a'], ['b']]);
  });

  it('can be closed twice, without ever having published, and publishes anew after it', async () => {
    const publisher = open();
    publisher.close();
    publisher.close();
    const { heard } = listen(open());
    await publisher.publish(notice('a'));
    publisher.close();
    await publisher.publish(notice('b'));
    await until(heard, 'b');
    expect(heard).toEqual(['a', 'b']);
  });

  it('hears other threads', async () => {
    const { heard } = listen(open());
    const worker = new Worker(
      `const { workerData } = require('node:worker_threads');
       const channel = new BroadcastChannel(workerData);
       channel.postMessage(new TextEncoder().encode('a'));
       channel.close();`,
      { eval: true, workerData: channel },
    );
    await until(heard, 'a');
    await worker.terminate();
  });
});
