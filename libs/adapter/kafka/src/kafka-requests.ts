import { ByteWriter, type ByteReader } from './kafka-bytes';

/** A request of Kafka's protocol and how its answer is read. The versions are the last before "flexible" ones. */
export interface KafkaRequest<R> {
  readonly apiKey: number;
  readonly apiName: string;
  readonly apiVersion: number;
  write(): ByteWriter;
  read(answer: ByteReader): R;
}

/** Keys and versions of what is asked here, to check a broker by. */
export const API_VERSIONS_NEEDED = [
  { apiKey: 0, apiName: 'Produce', apiVersion: 7 },
  { apiKey: 1, apiName: 'Fetch', apiVersion: 11 },
  { apiKey: 2, apiName: 'ListOffsets', apiVersion: 5 },
  { apiKey: 3, apiName: 'Metadata', apiVersion: 7 },
  { apiKey: 10, apiName: 'FindCoordinator', apiVersion: 1 },
  { apiKey: 11, apiName: 'JoinGroup', apiVersion: 4 },
  { apiKey: 12, apiName: 'Heartbeat', apiVersion: 2 },
  { apiKey: 13, apiName: 'LeaveGroup', apiVersion: 2 },
  { apiKey: 14, apiName: 'SyncGroup', apiVersion: 2 },
  { apiKey: 21, apiName: 'DeleteRecords', apiVersion: 1 },
] as const;

/** What a broker knows of a partition. */
export interface PartitionView {
  readonly partition: number;
  readonly errorCode: number;
  /** -1 while there is none. */
  readonly leader: number;
  /** Grows with each election; -1 from brokers that don't tell. */
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly inSync: readonly number[];
}

/** What a broker knows of the topic. */
export interface MetadataAnswer {
  readonly nodes: readonly { readonly id: number; readonly address: string }[];
  readonly errorCode: number;
  readonly partitions: readonly PartitionView[];
}

/** Asks for the brokers, and who leads the partitions of a topic. */
export function metadataRequest(topic: string): KafkaRequest<MetadataAnswer> {
  return {
    ...API_VERSIONS_NEEDED[3],
    write: () => new ByteWriter().int32(1).string(topic).boolean(false),
    read: (answer) => {
      answer.int32();
      const nodes = answer.array(() => {
        const node = { id: answer.int32(), address: `${answer.string()}:${answer.int32()}` };
        answer.nullableString();
        return node;
      });
      answer.nullableString();
      answer.int32();
      const topics = answer.array(() => {
        const errorCode = answer.int16();
        answer.string();
        answer.boolean();
        const partitions = answer.array(() => readPartitionView(answer));
        return { errorCode, partitions };
      });
      return { nodes, errorCode: topics[0]?.errorCode ?? 0, partitions: topics[0]?.partitions ?? [] };
    },
  };
}

function readPartitionView(answer: ByteReader): PartitionView {
  const view = {
    errorCode: answer.int16(),
    partition: answer.int32(),
    leader: answer.int32(),
    leaderEpoch: answer.int32(),
    replicas: answer.int32s(),
    inSync: answer.int32s(),
  };
  answer.int32s();
  return view;
}

/** An answer about one partition. */
export interface PartitionAnswer {
  readonly partition: number;
  readonly errorCode: number;
}

export interface ProducePart {
  readonly partition: number;
  /** A record batch. */
  readonly batch: Uint8Array;
}

/** Appends, acknowledged by all in-sync replicas (`acks=all`). */
export function produceRequest(
  topic: string,
  parts: readonly ProducePart[],
  timeoutMs: number,
): KafkaRequest<readonly PartitionAnswer[]> {
  return {
    ...API_VERSIONS_NEEDED[0],
    write: () => {
      const writer = new ByteWriter(parts.reduce((bytes, { batch }) => bytes + batch.length + 8, 100 + topic.length));
      writer.noString().int16(-1).int32(timeoutMs).int32(1).string(topic);
      return writer.array(parts, ({ partition, batch }) => writer.int32(partition).bytes(batch));
    },
    read: (answer) =>
      readTopics(answer, () => {
        const part = { partition: answer.int32(), errorCode: answer.int16() };
        answer.int64();
        answer.int64();
        answer.int64();
        return part;
      }),
  };
}

/** An offset of a partition. */
export interface OffsetAnswer extends PartitionAnswer {
  readonly offset: number;
}

/** Which end of a partition is asked for. */
export const LATEST = -1;
/** Asks for the first offset that a partition holds. */
export const EARLIEST = -2;

/** A partition, as a leader of that epoch or none is to answer for it. */
export interface PartitionOfEpoch {
  readonly partition: number;
  readonly leaderEpoch: number;
}

/** End (high watermark) or start of partitions. A broker that isn't their leader of that very epoch answers with an error. */
export function listOffsetsRequest(
  topic: string,
  partitions: readonly PartitionOfEpoch[],
  which: typeof LATEST | typeof EARLIEST,
): KafkaRequest<readonly OffsetAnswer[]> {
  return {
    ...API_VERSIONS_NEEDED[2],
    write: () => {
      const writer = new ByteWriter(64 + topic.length + partitions.length * 16)
        .int32(-1)
        .int8(0)
        .int32(1)
        .string(topic);
      return writer.array(partitions, ({ partition, leaderEpoch }) =>
        writer.int32(partition).int32(leaderEpoch).int64(which),
      );
    },
    read: (answer) => {
      answer.int32();
      return answer
        .array(() => {
          answer.string();
          return answer.array(() => {
            const part = { partition: answer.int32(), errorCode: answer.int16() };
            answer.int64();
            const offset = answer.int64();
            answer.int32();
            return { ...part, offset };
          });
        })
        .flat();
    },
  };
}

/** Where to read a partition on. */
export interface FetchPart extends PartitionOfEpoch {
  readonly offset: number;
}

export interface FetchAnswer extends PartitionAnswer {
  /** Record batches, the first of which may begin before the offset. */
  readonly bytes: Buffer;
}

export interface FetchLimits {
  /** How long the broker waits for anything to come. */
  readonly waitMs: number;
  readonly bytesMax: number;
  readonly partitionBytesMax: number;
}

/** Records from offsets on, at most up to the high watermark; waits while there are none. */
export function fetchRequest(
  topic: string,
  parts: readonly FetchPart[],
  { waitMs, bytesMax, partitionBytesMax }: FetchLimits,
): KafkaRequest<readonly FetchAnswer[]> {
  return {
    ...API_VERSIONS_NEEDED[1],
    write: () => {
      const writer = new ByteWriter(128 + topic.length + parts.length * 28);
      writer.int32(-1).int32(waitMs).int32(1).int32(bytesMax).int8(0).int32(0).int32(-1).int32(1).string(topic);
      writer.array(parts, ({ partition, leaderEpoch, offset }) =>
        writer.int32(partition).int32(leaderEpoch).int64(offset).int64(-1).int32(partitionBytesMax),
      );
      return writer.int32(0).string('');
    },
    read: (answer) => {
      answer.int32();
      const errorCode = answer.int16();
      answer.int32();
      const parts_ = readTopics(answer, () => readFetched(answer));
      return errorCode === 0
        ? parts_
        : parts.map(({ partition }) => ({ partition, errorCode, bytes: Buffer.alloc(0) }));
    },
  };
}

function readFetched(answer: ByteReader): FetchAnswer {
  const part = { partition: answer.int32(), errorCode: answer.int16() };
  answer.int64();
  answer.int64();
  answer.int64();
  answer.array(() => answer.int64() + answer.int64());
  answer.int32();
  return { ...part, bytes: answer.bytes() };
}

/** Drops what stands before offsets. */
export function deleteRecordsRequest(
  topic: string,
  parts: readonly { readonly partition: number; readonly offset: number }[],
  timeoutMs: number,
): KafkaRequest<readonly PartitionAnswer[]> {
  return {
    ...API_VERSIONS_NEEDED[9],
    write: () => {
      const writer = new ByteWriter().int32(1).string(topic);
      return writer.array(parts, ({ partition, offset }) => writer.int32(partition).int64(offset)).int32(timeoutMs);
    },
    read: (answer) => {
      answer.int32();
      return readTopics(answer, () => {
        const partition = answer.int32();
        answer.int64();
        return { partition, errorCode: answer.int16() };
      });
    },
  };
}

function readTopics<P>(answer: ByteReader, read: () => P): P[] {
  return answer
    .array(() => {
      answer.string();
      return answer.array(read);
    })
    .flat();
}
