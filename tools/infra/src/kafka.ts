import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './free-port';
import { brokerKind, clusterIdIn, findKafka, newKafkaId, type KafkaListener, type KafkaProgram } from './kafka-broker';
import { ownedFolder } from './owned-folder';
import { preparedFolder } from './prepared-folder';
import { RestartableServer } from './restartable-server';
import { onFreePorts, startServer, type ServerProcess } from './server-process';

export interface StartKafkaOptions {
  /** Default 1. With three, each partition has three copies and `acks=all` waits for two. */
  readonly brokers?: number;
  /** More settings of each broker, as in `server.properties`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Where the brokers keep their files; a folder that was used before goes on. Default a new one, gone when they are. */
  readonly folder?: string | undefined;
  /** Of the first broker, the others take any. Default any free one. */
  readonly port?: number | undefined;
  /** They go on when this process ends, see ServerPlace. Default false. */
  readonly detached?: boolean | undefined;
  /** More listeners of a single broker, each with an address of its own for its clients: a proxy's, say. Default none. */
  readonly listeners?: readonly KafkaListener[];
  /** Of each broker's JVM. Default a heap of at most 512 MiB and the compiler that starts quickly; benchmarks want other ones. */
  readonly jvmArgs?: readonly string[];
}

/** Kafka brokers in KRaft mode, each a process of its own on 127.0.0.1 that is controller as well. */
export interface KafkaCluster {
  /** `127.0.0.1:port` of each broker. */
  readonly brokers: readonly string[];
  readonly nodes: readonly KafkaNode[];
  /** The port of each listener that was asked for, by its name. */
  readonly listenerPorts: ReadonlyMap<string, number>;
  /** Ends all brokers in good order. */
  stop(): Promise<void>;
  /** Ends all brokers like a power cut. */
  kill(): Promise<void>;
}

/** One broker. */
export interface KafkaNode {
  readonly address: string;
  readonly server: ServerProcess;
  /** Starts it again where it was, with what it had on disk; ends it first (SIGKILL) if it still runs. */
  restart(): Promise<void>;
}

/** What tests want: little memory, and the compiler that starts quickly. */
const QUICK_JVM = ['-Xms128m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData'];
const STARTS_MAX = 5;

/**
 * Starts Kafka and resolves when each broker knows all brokers, and topics with as many copies can be created. Rejects with
 * MissingProgramError where Java or Kafka's jars are missing, and with what a broker printed when it does not start.
 */
export async function startKafka(options: StartKafkaOptions = {}): Promise<KafkaCluster> {
  const { brokers = 1 } = options;
  if (!Number.isInteger(brokers) || brokers < 1) throw new RangeError(`brokers must be at least 1, is ${brokers}`);
  if (brokers > 1 && options.listeners !== undefined)
    throw new RangeError(`listeners are for one broker, brokers is ${brokers}`);
  const program = findKafka();
  // The controllers must know each other's ports beforehand, so all of them start again when one is taken meanwhile.
  const classes = await onFreePorts(STARTS_MAX, () => classArchive(program));
  return onFreePorts(STARTS_MAX, () => startAll(program, brokers, options, classes));
}

/**
 * Java can take the classes of an earlier run from a file, with which a broker starts in half the time. A broker writes it as it ends:
 * one is started and stopped for that, once.
 */
async function classArchive(program: KafkaProgram): Promise<readonly string[]> {
  const archive = (folder: string): string => join(folder, 'classes.jsa');
  const folder = await preparedFolder(`kafka-${program.version}-${program.key}`, async (making) => {
    const jvmArgs = [...QUICK_JVM, `-XX:ArchiveClassesAtExit=${archive(making)}`];
    const cluster = await startAll(program, 1, { jvmArgs }, []);
    await cluster.stop();
  });
  // Not every Java can write one.
  return existsSync(archive(folder)) ? [`-XX:SharedArchiveFile=${archive(folder)}`] : [];
}

async function startAll(
  program: KafkaProgram,
  count: number,
  options: StartKafkaOptions,
  classes: readonly string[],
): Promise<KafkaCluster> {
  const { settings = {}, detached = false } = options;
  const jvmArgs = [...classes, ...(options.jvmArgs ?? QUICK_JVM)];
  const folder = await ownedFolder('kafka', options.folder);
  const ids = Array.from({ length: count }, (_, index) => index + 1);
  const folderOf = (id: number): string => join(folder.path, `broker-${id}`);
  const clusterId = ids.map((id) => clusterIdIn(folderOf(id))).find(Boolean) ?? newKafkaId();
  const controllerPorts = await Promise.all(ids.map(() => freePort()));
  const listeners = await Promise.all(
    (options.listeners ?? []).map(async (listener) => ({ ...listener, port: await freePort() })),
  );
  const voters = ids.map((id, index) => `${id}@127.0.0.1:${controllerPorts[index]}`).join(',');

  let failure: Error | undefined;
  const startNode = async (id: number, index: number): Promise<RestartableServer> => {
    let awaited: readonly number[] = ids;
    const kind = brokerKind(program, {
      ...{ id, voters, clusterId, settings, listeners, jvmArgs, brokerCount: count },
      controllerPort: controllerPorts[index] as number,
      awaitedIds: () => awaited,
      isHopeless: () => failure !== undefined,
    });
    const server = await RestartableServer.start(
      async (port) => startServer(kind, { folder: folderOf(id), port: port ?? (await freePort()), detached }),
      index === 0 ? options.port : undefined,
    );
    // When it comes back, the others may be down.
    awaited = [id];
    return server;
  };
  const servers: RestartableServer[] = [];
  const end = async (how: 'stop' | 'kill'): Promise<void> => {
    await Promise.all(servers.map((server) => server[how]()));
    await folder.remove();
  };
  const started = ids.map(async (id, index) => {
    try {
      servers[index] = await startNode(id, index);
    } catch (error) {
      failure ??= error as Error;
    }
  });
  await Promise.all(started);
  if (failure !== undefined) {
    await end('kill');
    throw failure;
  }
  const nodes = servers.map((server) => ({
    address: `127.0.0.1:${server.port}`,
    server,
    restart: () => server.restart(),
  }));
  return {
    brokers: nodes.map(({ address }) => address),
    nodes,
    listenerPorts: new Map(listeners.map(({ name, port }) => [name, port])),
    stop: () => end('stop'),
    kill: () => end('kill'),
  };
}
