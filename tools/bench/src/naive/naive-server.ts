import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { ShardMap } from '@giftmesh/domain-money';
import { freePort, type MariaDbServer } from '@giftmesh/tool-infra';
import { built } from '../paths';
import { newDatabase } from '../real/new-database';
import { idleShareOf, usageOf } from '../real/usage-of';
import type { BenchServer, ServerUsage } from '../servers/bench-server';
import { fundAccounts } from './naive-ledger';

/** Transactions at a time: more were no faster on two cores. */
export const NAIVE_CONNECTIONS = 16;
const DATABASE = 'naive';

/** The naive gift service in a process of its own, on a database of its own. What the database's server takes is counted as well. */
export class NaiveServer implements BenchServer {
  idleCpuShare = 0;

  private constructor(
    private readonly child: ChildProcess,
    private readonly mariadb: MariaDbServer,
    readonly address: string,
  ) {}

  /** Starts it with accounts for these viewers. */
  static async start(
    mariadb: MariaDbServer,
    payers: readonly bigint[],
    payees: readonly bigint[],
    coins: bigint,
  ): Promise<NaiveServer> {
    // Of any layout: only its tables are used.
    const url = await newDatabase(mariadb.url, DATABASE, new ShardMap(1, 1));
    await fundAccounts(url, payers, payees, coins);
    const address = `127.0.0.1:${await freePort()}`;
    const child = fork(built('naive/naive-main.js'), [address, url, String(NAIVE_CONNECTIONS)], {
      execArgv: [],
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => {
        throw new Error(`the naive service ended with ${code}`);
      }),
    ]);
    const server = new NaiveServer(child, mariadb, address);
    server.idleCpuShare = await idleShareOf(() => server.usage());
    return server;
  }

  usage(): Promise<ServerUsage> {
    return usageOf([
      ['service', this.child.pid ?? 0],
      ['mariadb', this.mariadb.pid],
    ]);
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }
}
