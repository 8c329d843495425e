import { ByteReader, ByteWriter } from './kafka-bytes';
import { API_VERSIONS_NEEDED, type KafkaRequest } from './kafka-requests';

/** The kind of assignment that all members of a group must share. */
const PROTOCOL = 'giftmesh';

interface CodeAnswer {
  readonly errorCode: number;
}

/** Asks which broker looks after a group. */
export function findCoordinatorRequest(groupId: string): KafkaRequest<CodeAnswer & { readonly address: string }> {
  return {
    ...API_VERSIONS_NEEDED[4],
    write: () => new ByteWriter().string(groupId).int8(0),
    read: (answer) => {
      answer.int32();
      const errorCode = answer.int16();
      answer.nullableString();
      answer.int32();
      return { errorCode, address: `${answer.string()}:${answer.int32()}` };
    },
  };
}

/** Who joins a group, and how long it may be silent. */
export interface JoinGroup {
  readonly groupId: string;
  readonly topic: string;
  readonly memberId: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
}

export interface JoinAnswer extends CodeAnswer {
  readonly generation: number;
  readonly leader: string;
  readonly memberId: string;
  /** All members, for the leader only. */
  readonly members: readonly string[];
}

/** Joins a group, or joins it again; answered when all members have. */
export function joinGroupRequest(join: JoinGroup): KafkaRequest<JoinAnswer> {
  return {
    ...API_VERSIONS_NEEDED[5],
    write: () =>
      new ByteWriter()
        .string(join.groupId)
        .int32(join.sessionTimeoutMs)
        .int32(join.rebalanceTimeoutMs)
        .string(join.memberId)
        .string('consumer')
        .int32(1)
        .string(PROTOCOL)
        // What Kafka's own tools expect of a consumer: version, topics, user data.
        .bytes(new ByteWriter().int16(0).int32(1).string(join.topic).int32(-1).buffer),
    read: (answer) => {
      answer.int32();
      const errorCode = answer.int16();
      const generation = answer.int32();
      answer.nullableString();
      const leader = answer.string();
      const memberId = answer.string();
      const members = answer.array(() => {
        const member = answer.string();
        answer.bytes();
        return member;
      });
      return { errorCode, generation, leader, memberId, members };
    },
  };
}

/** One member in one generation of a group. */
export interface Member {
  readonly groupId: string;
  readonly generation: number;
  readonly memberId: string;
}

/** Hands out the leader's assignment, and brings each member its own. */
export function syncGroupRequest(
  member: Member,
  topic: string,
  assignment: ReadonlyMap<string, readonly number[]>,
): KafkaRequest<CodeAnswer & { readonly partitions: readonly number[] }> {
  return {
    ...API_VERSIONS_NEEDED[8],
    write: () => {
      const writer = new ByteWriter().string(member.groupId).int32(member.generation).string(member.memberId);
      return writer.array([...assignment], ([memberId, partitions]) => {
        const own = new ByteWriter().int16(0).int32(1).string(topic);
        own.array(partitions, (partition) => own.int32(partition)).int32(-1);
        writer.string(memberId).bytes(own.buffer);
      });
    },
    read: (answer) => {
      answer.int32();
      const errorCode = answer.int16();
      const bytes = answer.bytes();
      if (bytes.length === 0) return { errorCode, partitions: [] };
      const own = new ByteReader(bytes);
      own.int16();
      const partitions = own.array(() => {
        own.string();
        return own.int32s();
      });
      return { errorCode, partitions: partitions.flat() };
    },
  };
}

/** Says that a member is alive; the answer says whether its group goes on without it. */
export function heartbeatRequest(member: Member): KafkaRequest<CodeAnswer> {
  return {
    ...API_VERSIONS_NEEDED[6],
    write: () => new ByteWriter().string(member.groupId).int32(member.generation).string(member.memberId),
    read: readCode,
  };
}

/** Leaves a group at once, so that others get the partitions. */
export function leaveGroupRequest({ groupId, memberId }: Member): KafkaRequest<CodeAnswer> {
  return {
    ...API_VERSIONS_NEEDED[7],
    write: () => new ByteWriter().string(groupId).string(memberId),
    read: readCode,
  };
}

function readCode(answer: ByteReader): CodeAnswer {
  answer.int32();
  return { errorCode: answer.int16() };
}
