import { askRedis, DURABLE_REDIS, startRedis, type RedisServer } from '@giftmesh/tool-infra';
import { sleep, systemClock } from '@giftmesh/kernel-time';
import { TcpProxy } from './tcp-proxy';

/** The longest that a replica may take to have what its master has, or to become one, milliseconds. */
const SAYS_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 20;
/** An order that has not been followed is given again, milliseconds. */
const ORDER_EVERY_MS = 2_000;

/** A replica of a Redis, at the end of a link that can fail. */
export class RedisReplica {
  private constructor(
    readonly server: RedisServer,
    private readonly link: TcpProxy,
  ) {}

  /** Starts a replica and waits until it follows. @param folder where it keeps its files. */
  static async start(master: RedisServer, folder: string): Promise<RedisReplica> {
    const link = await TcpProxy.start(master.port);
    const replicaOf = ['--replicaof', '127.0.0.1', String(link.port), '--repl-diskless-sync-delay', '0'];
    let server: RedisServer | undefined;
    try {
      server = await startRedis({ folder, args: [...DURABLE_REDIS, ...replicaOf] });
      const replica = new RedisReplica(server, link);
      await replica.#says('master_link_status:up');
      return replica;
    } catch (error) {
      await server?.kill();
      await link.close();
      throw error;
    }
  }

  /** From now on it stays behind. */
  fallBehind(): void {
    this.link.trouble = { kind: 'stalled', direction: 'both' };
  }

  /** Makes it a master, of what it has got. */
  async promote(): Promise<RedisServer> {
    await this.link.close();
    await this.#says('role:master', () => askRedis(this.server, ['REPLICAOF', 'NO', 'ONE']));
    return this.server;
  }

  /** Changes places with its master in good order (FAILOVER): nothing is lost, and who still speaks to the old master can only read. */
  async takeOver(master: RedisServer): Promise<RedisServer> {
    await this.#says('role:master', () => askRedis(master, ['FAILOVER']));
    await this.link.close();
    return this.server;
  }

  /** Asks for something until the replica says that it is so: on a busy machine an answer may not come in time. */
  async #says(line: string, order: () => Promise<unknown> = async () => undefined): Promise<void> {
    const endMs = systemClock.monotonicMs() + SAYS_WITHIN_MS;
    let info: string | undefined;
    for (let orderAtMs = -Infinity; ; await sleep(systemClock, LOOK_EVERY_MS)) {
      const nowMs = systemClock.monotonicMs();
      try {
        [info = ''] = await askRedis(this.server, ['INFO', 'replication']);
        if (info.includes(line)) return;
        if (nowMs >= orderAtMs) {
          orderAtMs = nowMs + ORDER_EVERY_MS;
          await order();
        }
      } catch (error) {
        info = String(error);
      }
      if (nowMs > endMs) throw new Error(`the replica does not say ${line} within ${SAYS_WITHIN_MS} ms: ${info}`);
    }
  }
}
