import { askKafka } from './ask-kafka';
import { askMysql } from './ask-mysql';
import { askRedis } from './ask-redis';
import { startKafka, type KafkaNode } from './kafka';
import { startMariaDb } from './mariadb';
import { DURABLE_REDIS, startRedis } from './redis';
import type { ServerPlace, ServerProcess } from './server-process';

/** The servers that giftmesh works with. */
export const SERVER_NAMES = ['redis', 'mariadb', 'kafka'] as const;

/** One of them. */
export type ServerName = (typeof SERVER_NAMES)[number];

/** A server that was started, and what clients are told of it. */
export interface AddressedServer extends ServerProcess {
  /** As in the variable. */
  readonly url: string;
}

/** How one kind of server is named, started and asked. */
export interface KnownServer {
  readonly name: ServerName;
  /** The variable of the environment that says where one runs. */
  readonly variable: string;
  /** Starts one that keeps what it answered. */
  readonly start: (place: ServerPlace) => Promise<AddressedServer>;
  /** Resolves when a server answers at what the variable says, rejects with the reason when none does. */
  readonly check: (url: string) => Promise<void>;
}

/** Of a broker that stays: all compilers. */
const WORKING_JVM = ['-Xms256m', '-Xmx1g'];

/** All of them. */
export const KNOWN_SERVERS: Readonly<Record<ServerName, KnownServer>> = {
  redis: {
    name: 'redis',
    variable: 'GIFTMESH_REDIS_URL',
    start: (place) => startRedis({ ...place, args: DURABLE_REDIS }),
    check: checkRedis,
  },
  mariadb: {
    name: 'mariadb',
    variable: 'GIFTMESH_MYSQL_URL',
    start: (place) => startMariaDb(place),
    check: async (url) => {
      const { hostname: host, port } = parsed(url, ['mysql:', 'mariadb:']);
      await askMysql({ host, port: Number(port || 3306) });
    },
  },
  kafka: {
    name: 'kafka',
    variable: 'GIFTMESH_KAFKA_BROKERS',
    start: async (place) => {
      const jvmArgs = place.detached === true ? { jvmArgs: WORKING_JVM } : {};
      const cluster = await startKafka({ ...place, ...jvmArgs });
      const { server } = cluster.nodes[0] as KafkaNode;
      return {
        ...{ url: cluster.brokers.join(','), port: server.port, pid: server.pid, folder: server.folder },
        stop: () => cluster.stop(),
        kill: () => cluster.kill(),
        pause: () => server.pause(),
        resume: () => server.resume(),
      };
    },
    // One broker tells of the others.
    check: async (url) => void (await Promise.any(url.split(',').map((broker) => checkBroker(broker.trim())))),
  },
};

async function checkRedis(url: string): Promise<void> {
  const { hostname: host, port, protocol, username, password } = parsed(url, ['redis:', 'rediss:']);
  const address = { host, port: Number(port || 6379), tls: protocol === 'rediss:' };
  const [user, secret] = [decodeURIComponent(username), decodeURIComponent(password)];
  const login = secret === '' ? [] : [['AUTH', ...(user === '' ? [] : [user]), secret]];
  const answers = await askRedis(address, ...login, ['PING']);
  const refusal = answers.find((answer) => answer.startsWith('-'));
  if (refusal !== undefined) throw new Error(`it refuses: ${refusal.slice(1)}`);
}

async function checkBroker(broker: string): Promise<void> {
  const [, host, port] = /^\[?([^\]\s]+?)\]?:(\d{1,5})$/.exec(broker) ?? [];
  if (host === undefined) throw new Error(`${broker} is not host:port`);
  await askKafka({ host, port: Number(port) });
}

function parsed(text: string, protocols: readonly string[]): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !protocols.includes(url.protocol))
    throw new Error(`not a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`);
  return url;
}
