import { startRedis, startRedisCluster, type RedisCluster } from '@giftmesh/tool-infra';
import type { Codec, SettledNotice } from '@giftmesh/domain-money';
import { connectRedis, RedisSettledNotices, type RedisConnection, type RedisSettledNoticesOptions } from './index';

/** Notices by the ids of their events alone. */
const codec: Codec<SettledNotice> = {
  encode: ({ events }) => Buffer.from(events.map(({ eventId }) => eventId).join()),
  decode: (bytes) => {
    const text = Buffer.from(bytes).toString();
    if (text.startsWith('!')) throw new Error('no notice');
    return { counters: [], events: text.split(',').map((eventId) => ({ opUserId: 1n, eventId })) };
  },
};
const notice = (...ids: string[]): SettledNotice => ({
  counters: [],
  events: ids.map((eventId) => ({ opUserId: 1n, eventId })),
});

/** The connections and notices of a test. */
class Kit {
  readonly problems: Error[] = [];
  readonly #connections: RedisConnection[] = [];
  readonly #notices: RedisSettledNotices[] = [];

  async open(urls: readonly string[], options: Partial<RedisSettledNoticesOptions> = {}): Promise<RedisSettledNotices> {
    const connection = await connectRedis({ urls });
    this.#connections.push(connection);
    const onProblem = (error: Error): void => void this.problems.push(error);
    const notices = new RedisSettledNotices({ connection, codec, onProblem, ...options });
    this.#notices.push(notices);
    return notices;
  }

  listen(from: RedisSettledNotices): { readonly heard: string[]; readonly stop: () => Promise<void> } {
    const heard: string[] = [];
    return { heard, stop: from.subscribe(({ events }) => heard.push(events.map(({ eventId }) => eventId).join())) };
  }

  async close(): Promise<void> {
    await Promise.all(this.#notices.map((notices) => notices.close()));
    for (const connection of this.#connections) connection.close();
  }
}

async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 15_000;
  while (!(await isTrue())) {
    if (performance.now() > endMs) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

let marks = 0;
const TELL_AGAIN_MS = 50;

/** A subscription takes a moment, and any notice may be lost on its way: tells until the last one is heard, and forgets what was told. */
async function hears(publisher: RedisSettledNotices, heard: string[]): Promise<void> {
  let last = '';
  let toldMs = -Infinity;
  await until('the last notice is heard', async () => {
    if (heard.at(-1) === last) return true;
    if (performance.now() - toldMs < TELL_AGAIN_MS) return false;
    last = `mark ${(marks += 1)}`;
    toldMs = performance.now();
    await publisher.publish(notice(last)).catch(() => undefined);
    return false;
  });
  heard.length = 0;
}

describe('RedisSettledNotices', () => {
  let server: Awaited<ReturnType<typeof startRedis>>;
  let urls: readonly string[];
  let kit: Kit;
  beforeAll(async () => {
    server = await startRedis();
    urls = [`redis://127.0.0.1:${server.port}`];
  });
  beforeEach(() => {
    kit = new Kit();
  });
  afterEach(() => kit.close());
  afterAll(() => server.kill());

  it('brings notices in order to all who listen, itself included, and to no other installation', async () => {
    const publisher = await kit.open(urls);
    const stranger = await kit.open(urls, { prefix: 'other:' });
    const [one, two] = [kit.listen(await kit.open(urls)), kit.listen(publisher)];
    const foreign = kit.listen(stranger);
    await hears(publisher, one.heard);
    await hears(publisher, two.heard);
    await hears(stranger, foreign.heard);
    await publisher.publish(notice('a', 'b'));
    await publisher.publish(notice('c'));
    await until('both have heard', () => one.heard.includes('c') && two.heard.includes('c'));
    expect(one.heard.slice(-2)).toEqual(['a,b', 'c']);
    expect(two.heard.slice(-2)).toEqual(['a,b', 'c']);
    expect(foreign.heard).toEqual([]);
  });

  it('keeps nothing for those who come later, and tells nothing to those who have left', async () => {
    const publisher = await kit.open(urls);
    const early = kit.listen(await kit.open(urls));
    await hears(publisher, early.heard);
    await publisher.publish(notice('a'));
    await until('it is heard', () => early.heard.includes('a'));
    await early.stop();
    const late = kit.listen(await kit.open(urls));
    await hears(publisher, late.heard);
    expect(early.heard).toEqual(['a']);
    await early.stop();
  });

  it('tells of a message that is none, and goes on', async () => {
    const publisher = await kit.open(urls);
    const { heard } = kit.listen(publisher);
    await hears(publisher, heard);
    await publisher.publish(notice('!'));
    await publisher.publish(notice('a'));
    await until('the next is heard', () => heard.includes('a'));
    expect(heard).toEqual(['a']);
    expect(kit.problems.map(({ message }) => message)).toEqual(['a notice of 1 bytes can not be read']);
  });

  it('takes bytes of any kind', async () => {
    const bytes: Codec<SettledNotice> = {
      encode: ({ events }) => Buffer.from(events[0]?.eventId ?? '', 'latin1'),
      decode: (raw) => notice(Buffer.from(raw).toString('latin1')),
    };
    const publisher = await kit.open(urls, { codec: bytes });
    const { heard } = kit.listen(publisher);
    await hears(publisher, heard);
    const all = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));
    await publisher.publish(notice(all));
    await until('it is heard', () => heard.length > 0);
    expect(heard).toEqual([all]);
  });

  it('rejects while the server is away, and hears again when it is back', async () => {
    const own = await startRedis();
    const ownUrls = [`redis://127.0.0.1:${own.port}`];
    const publisher = await kit.open(ownUrls);
    const { heard } = kit.listen(await kit.open(ownUrls));
    await hears(publisher, heard);
    await own.kill();
    await expect(publisher.publish(notice('lost'))).rejects.toThrow();
    const again = await startRedis({ port: own.port });
    await hears(publisher, heard);
    await publisher.publish(notice('a'));
    await until('it is heard', () => heard.includes('a'));
    expect(heard).not.toContain('lost');
    await kit.close();
    await again.kill();
  });

  it('is silent once closed', async () => {
    const publisher = await kit.open(urls);
    const listener = await kit.open(urls);
    const { heard } = kit.listen(listener);
    await hears(publisher, heard);
    await listener.close();
    await publisher.publish(notice('a'));
    const other = kit.listen(publisher);
    await hears(publisher, other.heard);
    expect(heard).toEqual([]);
  });
});

describe('RedisSettledNotices on a cluster', () => {
  let cluster: RedisCluster;
  const kit = new Kit();
  beforeAll(async () => {
    cluster = await startRedisCluster();
  }, 60_000);
  afterAll(async () => {
    await kit.close();
    await cluster.kill();
  });

  it('tells those who listen at any node, and goes on at another one when that is gone', async () => {
    const publisher = await kit.open(cluster.urls);
    const listeners = await Promise.all([1, 2, 3, 4].map(() => kit.open(cluster.urls)));
    const heard = listeners.map((listener) => kit.listen(listener).heard);
    for (const each of heard) await hears(publisher, each);
    // Two masters, each with a replica that takes its place.
    for (const node of cluster.nodes.slice(0, 2)) {
      await node.kill();
      for (const each of heard) await hears(publisher, each);
      await node.restart();
    }
    for (const each of heard) each.length = 0;
    await until('all hear', async () => {
      await publisher.publish(notice('a')).catch(() => undefined);
      return heard.every((each) => each.includes('a'));
    });
  }, 60_000);
});
