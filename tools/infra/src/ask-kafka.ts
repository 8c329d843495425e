import { ask } from './ask';

/** Where a broker listens. */
export interface BrokerAddress {
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
}

/** What a broker knows of its cluster. */
export interface KafkaMetadata {
  readonly clusterId: string;
  /** The brokers that take part. */
  readonly brokerIds: readonly number[];
  /** Where clients find them, `host:port` each: it depends on which listener was asked. */
  readonly addresses: readonly string[];
}

// The protocol's numbers: https://kafka.apache.org/protocol
const METADATA = { key: 3, version: 2 } as const;
const CREATE_TOPICS = { key: 19, version: 2 } as const;
const WAIT_MS_MAX = 2_000;

/** Asks a broker for its cluster. Rejects when it does not answer. */
export async function askKafka(broker: BrokerAddress): Promise<KafkaMetadata> {
  // About no topic.
  const answer = await exchange(broker, METADATA, int32(0));
  const brokerIds: number[] = [];
  const addresses: string[] = [];
  for (let left = answer.int32(); left > 0; left -= 1) {
    brokerIds.push(answer.int32());
    const host = answer.string();
    addresses.push(`${host}:${answer.int32()}`);
    answer.string();
  }
  return { clusterId: answer.string(), brokerIds, addresses };
}

/** Whether a topic with so many copies could be created now; nothing is. Rejects when the broker does not answer. */
export async function canCreateTopic(broker: BrokerAddress, copies: number): Promise<boolean> {
  const topic = [string('giftmesh-infra-could-be'), int32(1), int16(copies), int32(0), int32(0)];
  const onlyCheck = Buffer.from([1]);
  const answer = await exchange(
    broker,
    CREATE_TOPICS,
    Buffer.concat([int32(1), ...topic, int32(WAIT_MS_MAX / 2), onlyCheck]),
  );
  // The time it was throttled, the number of topics, the name.
  answer.int32();
  answer.int32();
  answer.string();
  return answer.int16() === 0;
}

async function exchange(
  { port, host = '127.0.0.1' }: BrokerAddress,
  { key, version }: { readonly key: number; readonly version: number },
  body: Buffer,
): Promise<Reader> {
  // Correlation 1, no client id.
  const message = Buffer.concat([int16(key), int16(version), int32(1), int16(-1), body]);
  const answer = await ask(
    { port, host, send: Buffer.concat([int32(message.length), message]), waitMsMax: WAIT_MS_MAX },
    (bytes) => bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE(0),
  );
  const reader = new Reader(answer);
  reader.int32();
  if (reader.int32() !== 1) throw new Error(`not a Kafka broker at ${host}:${port}`);
  return reader;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  int16(): number {
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  /** '' for none. */
  string(): string {
    const length = Math.max(0, this.int16());
    this.#at += length;
    return this.#bytes.toString('utf8', this.#at - length, this.#at);
  }
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function string(text: string): Buffer {
  return Buffer.concat([int16(Buffer.byteLength(text)), Buffer.from(text)]);
}
