import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { askKafka, canCreateTopic } from './ask-kafka';
import { findProgram, MissingProgramError } from './find-program';
import { preparedFolder } from './prepared-folder';
import type { ServerKind } from './server-process';

const run = promisify(execFile);

/** Kafka on this machine. */
export interface KafkaProgram {
  readonly java: string;
  /** Of all its jars. */
  readonly classPath: string;
  readonly version: string;
  /** Names this Java with these jars; another one gets another key. */
  readonly key: string;
}

/** Where clients of one kind find a broker: all brokers that they are told of have the address of this listener. */
export interface KafkaListener {
  /** Capital letters and digits: `STATION`. */
  readonly name: string;
  /** What clients are told, `host:port`. */
  readonly advertised: string;
}

/** A listener with the port of 127.0.0.1 where the broker listens. */
export interface PlacedListener extends KafkaListener {
  readonly port: number;
}

/** One broker of a cluster, and what all of them agree on. */
export interface BrokerPlan {
  readonly id: number;
  readonly controllerPort: number;
  readonly clusterId: string;
  /** `id@host:port` of all controllers. */
  readonly voters: string;
  readonly brokerCount: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly listeners?: readonly PlacedListener[];
  readonly jvmArgs: readonly string[];
  /** The brokers that it must know before it counts as started. */
  readonly awaitedIds: () => readonly number[];
  /** Whether one of the awaited ones has failed already. */
  readonly isHopeless: () => boolean;
}

/** Where `install.sh` puts the broker's jars. */
const KAFKA_JARS = resolve(__dirname, '../kafka/target/dependency');
const START_MS_MAX = 60_000;
const META = 'meta.properties';
/** How the first metadata of a new cluster begins; made by Kafka's own tool. */
const CHECKPOINT = 'bootstrap.checkpoint';
const QUIET = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn';

/** Throws MissingProgramError where Java or Kafka's jars are missing. */
export function findKafka(folder = KAFKA_JARS): KafkaProgram {
  const java = findProgram('java');
  const jars = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.jar')) : [];
  const version = jars.map((name) => /^kafka_[\d.]+-(\d+\.\d+\.\d+)\.jar$/.exec(name)?.[1]).find(Boolean);
  if (version === undefined) throw new MissingProgramError(`there are no jars of Kafka in ${folder}`);
  // In one order, which a folder does not have by itself.
  const classPath = jars.sort().map((name) => join(folder, name));
  const parts = [java, folder].map((path) => `${realpathSync(path)} ${statSync(path).mtimeMs}`);
  const key = createHash('sha256').update(parts.join()).digest('hex').slice(0, 12);
  return { java, classPath: classPath.join(':'), version, key };
}

/** The id of the cluster that a broker's folder belongs to, if it has been used. */
export function clusterIdIn(folder: string): string | undefined {
  const path = join(folder, 'logs', META);
  return existsSync(path) ? /^cluster\.id=(\S+)$/m.exec(readFileSync(path, 'utf8'))?.[1] : undefined;
}

/** 16 bytes, as Kafka writes them. */
export const newKafkaId = (): string => randomBytes(16).toString('base64url');

/** A broker in KRaft mode that is controller as well. */
export function brokerKind(program: KafkaProgram, plan: BrokerPlan): ServerKind {
  return {
    name: 'kafka',
    startMsMax: START_MS_MAX,
    command: async (port, folder) => {
      const file = join(folder, 'server.properties');
      await writeFile(file, propertiesText(port, folder, plan));
      await format(program, join(folder, 'logs'), plan);
      const args = [...plan.jvmArgs, QUIET, '-cp', program.classPath, 'kafka.Kafka', file];
      return { program: program.java, args };
    },
    answers: async ({ port }) => {
      if (plan.isHopeless()) throw new Error('another broker of this cluster does not start');
      try {
        const { clusterId, brokerIds } = await askKafka({ port });
        const awaited = plan.awaitedIds();
        if (clusterId !== plan.clusterId || !awaited.every((id) => brokerIds.includes(id))) return false;
        // It answers on one listener before it finds the port of another taken, and ends.
        for (const listener of plan.listeners ?? [])
          if ((await askKafka(listener)).clusterId !== plan.clusterId) return false;
        return await canCreateTopic({ port }, Math.min(awaited.length, copiesOf(plan)));
      } catch {
        return false;
      }
    },
  };
}

const copiesOf = ({ brokerCount }: BrokerPlan): number => Math.min(3, brokerCount);

function propertiesText(port: number, folder: string, plan: BrokerPlan): string {
  const copies = String(copiesOf(plan));
  const inSync = String(Math.min(2, plan.brokerCount));
  const more = (text: (listener: PlacedListener) => string): string => (plan.listeners ?? []).map(text).join('');
  const properties: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': String(plan.id),
    'controller.quorum.voters': plan.voters,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${plan.controllerPort}${more(({ name, port: own }) => `,${name}://127.0.0.1:${own}`)}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}${more(({ name, advertised }) => `,${name}://${advertised}`)}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': `CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT${more(({ name }) => `,${name}:PLAINTEXT`)}`,
    'log.dirs': join(folder, 'logs'),
    'auto.create.topics.enable': 'false',
    'offsets.topic.num.partitions': '4',
    'offsets.topic.replication.factor': copies,
    'transaction.state.log.num.partitions': '4',
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': inSync,
    'default.replication.factor': copies,
    'min.insync.replicas': inSync,
    'group.initial.rebalance.delay.ms': '0',
    // A broker that was killed can come back only when its controller has given up the one before.
    'broker.session.timeout.ms': '4000',
    'broker.heartbeat.interval.ms': '500',
    'log.flush.interval.messages': '1',
    ...plan.settings,
  };
  const lines = Object.entries(properties).map(([name, value]) => `${name}=${value}\n`);
  return lines.join('');
}

/** What `kafka.tools.StorageTool format` does, which takes a JVM: it runs once, and its files serve all new brokers. */
async function format(program: KafkaProgram, logs: string, { id, clusterId }: BrokerPlan): Promise<void> {
  if (existsSync(join(logs, META))) return;
  const made = await preparedFolder(`kafka-${program.version}-1`, (folder) => formatByTool(program, folder));
  await mkdir(logs, { recursive: true });
  await copyFile(join(made, CHECKPOINT), join(logs, CHECKPOINT));
  // The last one: with it, the folder is whole.
  const meta = `version=1\ncluster.id=${clusterId}\nnode.id=${id}\ndirectory.id=${newKafkaId()}\n`;
  await writeFile(join(logs, META), meta);
}

async function formatByTool({ java, classPath }: KafkaProgram, folder: string): Promise<void> {
  const file = join(folder, 'server.properties');
  const properties = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': '1@127.0.0.1:1',
    listeners: 'PLAINTEXT://127.0.0.1:2,CONTROLLER://127.0.0.1:1',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': folder,
  };
  await writeFile(
    file,
    Object.entries(properties)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  const tool = ['kafka.tools.StorageTool', 'format', '--cluster-id', newKafkaId(), '--config', file];
  await run(java, [QUIET, '-XX:TieredStopAtLevel=1', '-cp', classPath, ...tool]);
}
