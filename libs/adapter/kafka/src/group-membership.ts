import { deferred } from '@giftmesh/kernel-async';
import type { Clock } from '@giftmesh/kernel-time';
import { Brokers, type BrokersOptions } from './brokers';
import { ErrorCode, KafkaCodeError, KafkaSetupError, refuseCode } from './kafka-errors';
import {
  findCoordinatorRequest,
  heartbeatRequest,
  joinGroupRequest,
  leaveGroupRequest,
  syncGroupRequest,
  type Member,
} from './kafka-group-requests';

export interface ConsumerGroup {
  /** Subscribers with the same name share the partitions. */
  readonly groupId: string;
  /** A member that is silent for so long loses its partitions, milliseconds. 6,000 (the broker's default least) to 1,800,000; default 10,000. */
  readonly sessionTimeoutMs?: number;
  /** How long a rebalance waits for members to come, milliseconds. Default 10,000. */
  readonly rebalanceTimeoutMs?: number;
  /** How often a member shows itself, and hears of a rebalance, milliseconds; a fraction of the session. Default 1,000. */
  readonly heartbeatIntervalMs?: number;
}

/** What a membership works with. */
export interface GroupMembershipOptions {
  readonly connect: BrokersOptions;
  readonly clock: Clock;
  readonly partitionCount: number;
  readonly group: Required<ConsumerGroup>;
}

export interface MembershipEvents {
  /** These partitions are this member's from now on. */
  onAssigned(partitions: readonly number[]): void;
  /** No partition is, until the next assignment. */
  onRevoked(): void;
  /** The group refuses this member for good. */
  onEnd(error: Error): void;
  /** It tries again. */
  onProblem(error: Error): void;
}

/** Before it is tried again after an error, milliseconds. */
const RETRY_MS = 200;
/** For the answer's way, over the time that the group takes. */
const JOIN_EXTRA_MS = 5_000;

/** Codes that say that the group went on without this member. */
const REJOIN: ReadonlySet<number> = new Set([
  ErrorCode.ILLEGAL_GENERATION,
  ErrorCode.UNKNOWN_MEMBER_ID,
  ErrorCode.REBALANCE_IN_PROGRESS,
  ErrorCode.MEMBER_ID_REQUIRED,
]);
/** Codes that trying again does not change. */
const FINAL: ReadonlySet<number> = new Set([
  ErrorCode.INCONSISTENT_GROUP_PROTOCOL,
  ErrorCode.INVALID_GROUP_ID,
  ErrorCode.INVALID_SESSION_TIMEOUT,
  ErrorCode.GROUP_AUTHORIZATION_FAILED,
]);

/**
 * Membership in a consumer group, for its partitions alone: no position is ever read from Kafka or committed to it. Heartbeats go on
 * whatever the subscriber does, so slow work is no reason to lose partitions.
 */
export class GroupMembership {
  readonly #options: GroupMembershipOptions;
  readonly #events: MembershipEvents;
  readonly #brokers: Brokers;
  readonly #running: Promise<void>;
  #memberId = '';
  #current: { readonly member: Member; readonly coordinator: string } | undefined;
  #endPause: (() => void) | undefined;
  #closed = false;

  constructor(options: GroupMembershipOptions, events: MembershipEvents) {
    this.#options = options;
    this.#events = events;
    // Connections of its own: a join waits for the other members.
    this.#brokers = new Brokers(options.connect);
    this.#running = this.#run();
  }

  /** Leaves the group, so that the others need not wait for the session's end. */
  async close(): Promise<void> {
    if (this.#closed) return this.#running;
    this.#closed = true;
    this.#endPause?.();
    const current = this.#current;
    if (current !== undefined)
      await this.#brokers.askAt(current.coordinator, leaveGroupRequest(current.member)).catch(() => undefined);
    this.#brokers.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      try {
        await this.#takePart();
      } catch (error) {
        if (this.#current !== undefined) this.#events.onRevoked();
        this.#current = undefined;
        if (this.#closed) return;
        const code = error instanceof KafkaCodeError ? error.code : undefined;
        if (error instanceof KafkaSetupError || (code !== undefined && FINAL.has(code))) {
          this.#closed = true;
          this.#brokers.close();
          this.#events.onEnd(error as Error);
          return;
        }
        if (code === ErrorCode.UNKNOWN_MEMBER_ID) this.#memberId = '';
        if (code !== undefined && REJOIN.has(code)) continue;
        this.#events.onProblem(error as Error);
        await this.#pause(RETRY_MS);
      }
    }
  }

  /** One generation of the group. Ends with an error only. */
  async #takePart(): Promise<never> {
    const { connect, group } = this.#options;
    const coordinator = await this.#findCoordinator();
    const joined = await this.#brokers.askAt(
      coordinator,
      joinGroupRequest({ ...group, topic: connect.topic, memberId: this.#memberId }),
      group.rebalanceTimeoutMs + group.sessionTimeoutMs + JOIN_EXTRA_MS,
    );
    if (joined.errorCode === ErrorCode.MEMBER_ID_REQUIRED) this.#memberId = joined.memberId;
    refuseCode(joined.errorCode, `join of group ${group.groupId}`);
    this.#memberId = joined.memberId;
    const member = { groupId: group.groupId, generation: joined.generation, memberId: joined.memberId };
    const isLeader = joined.leader === joined.memberId;
    const assignment = isLeader
      ? assign(joined.members, this.#options.partitionCount)
      : new Map<string, readonly number[]>();
    const own = await this.#brokers.askAt(
      coordinator,
      syncGroupRequest(member, connect.topic, assignment),
      group.rebalanceTimeoutMs + JOIN_EXTRA_MS,
    );
    refuseCode(own.errorCode, `sync of group ${group.groupId}`);
    this.#current = { member, coordinator };
    if (!this.#closed) this.#events.onAssigned(own.partitions);
    for (;;) {
      await this.#pause(group.heartbeatIntervalMs);
      if (this.#closed) throw new Error('closed');
      const { errorCode } = await this.#brokers.askAt(coordinator, heartbeatRequest(member));
      refuseCode(errorCode, `heartbeat in group ${group.groupId}`);
    }
  }

  async #findCoordinator(): Promise<string> {
    const { connect, group } = this.#options;
    let lastError: unknown;
    for (const address of connect.seeds())
      try {
        const { errorCode, address: coordinator } = await this.#brokers.askAt(
          address,
          findCoordinatorRequest(group.groupId),
        );
        refuseCode(errorCode, `coordinator of group ${group.groupId}`);
        return coordinator;
      } catch (error) {
        lastError = error;
      }
    throw lastError as Error;
  }

  async #pause(ms: number): Promise<void> {
    if (this.#closed) return;
    const over = deferred<void>();
    const cancel = this.#options.clock.schedule(ms, over.resolve);
    this.#endPause = over.resolve;
    await over.promise;
    cancel();
    this.#endPause = undefined;
  }
}

/** Deals the partitions out to the members, in the order of their names. */
export function assign(members: readonly string[], partitionCount: number): Map<string, readonly number[]> {
  const sorted = [...members].sort();
  const dealt = new Map<string, number[]>(sorted.map((member) => [member, []]));
  for (let partition = 0; partition < partitionCount; partition += 1)
    dealt.get(sorted[partition % sorted.length] as string)?.push(partition);
  return dealt;
}
