import { LogDelivery, type LogEntry, type SubscribeOptions, type Subscription } from '@giftmesh/domain-money';
import type { Link } from './network';
import type { Machine } from './scheduler';
import type { SimulatedLog } from './simulated-log';

/** How often the group looks at its members, milliseconds. */
const LOOK_EVERY_MS = 250;
/** A member that was not heard of for this long loses its partitions, milliseconds. */
const SESSION_TIMEOUT_MS = 1_000;
/** How much later than it was decided a member may hear of its partitions, milliseconds. */
const NEWS_DELAY_MS_MAX = 400;

interface Member {
  readonly link: Link;
  readonly options: SubscribeOptions<LogEntry>;
  /** What the group has given it. */
  partitions: readonly number[];
  /** Rises with each change of `partitions`. */
  version: number;
  /** False once it was not heard of for too long. */
  present: boolean;
  silentSinceMs: number | undefined;
  /** What it does, from what it was last told. */
  delivery: LogDelivery<LogEntry> | undefined;
  left: boolean;
}

/**
 * Shares the partitions out among the readers. Members hear of it in their own time: until then they go on with what they had, also
 * when somebody else has it by now, and whoever stood still or was cut off for too long comes back believing to be an owner.
 */
export class ConsumerGroup {
  readonly #members: Member[] = [];

  constructor(
    private readonly log: SimulatedLog,
    /** The group's coordinator: cut off from it, a member is not heard of. */
    private readonly server: Machine,
  ) {}

  /** Gives the partitions to others than now. */
  reshuffle(): void {
    this.#members.push(...this.#members.splice(0, 1));
    this.#share();
  }

  subscribe(link: Link, options: SubscribeOptions<LogEntry>): Subscription {
    const member: Member = {
      link,
      options,
      partitions: [],
      version: 0,
      present: true,
      silentSinceMs: undefined,
      delivery: undefined,
      left: false,
    };
    this.#members.push(member);
    if (this.#members.length === 1) this.#plan(link);
    this.#share();
    return {
      close: async () => {
        this.#leave(member);
        await member.delivery?.close();
      },
    };
  }

  #leave(member: Member): void {
    if (member.left) return;
    member.left = true;
    this.#members.splice(this.#members.indexOf(member), 1);
    this.#share();
  }

  #plan(link: Link): void {
    link.network.scheduler.clock.schedule(LOOK_EVERY_MS, () => {
      if (this.#members.length === 0) return;
      this.#look();
      this.#plan(link);
    });
  }

  #look(): void {
    let changed = false;
    for (const member of this.#members) {
      const { network, process } = member.link;
      const nowMs = network.scheduler.clock.monotonicMs();
      const heard = process.alive && !process.stopped && !network.isCut(process.machine, this.server, 'requests');
      if (heard) member.silentSinceMs = undefined;
      else member.silentSinceMs ??= nowMs;
      const present = heard || nowMs - (member.silentSinceMs ?? nowMs) < SESSION_TIMEOUT_MS;
      if (present === member.present) continue;
      member.present = present;
      changed = true;
      if (present) network.faults.count('da came back late');
    }
    if (changed) this.#share();
  }

  #share(): void {
    const present = this.#members.filter((member) => member.present);
    for (const member of this.#members) {
      const place = present.indexOf(member);
      const partitions = Array.from({ length: this.log.partitionCount }, (_, partition) => partition).filter(
        (partition) => place >= 0 && partition % present.length === place,
      );
      if (partitions.join() === member.partitions.join() && member.version > 0) continue;
      member.partitions = partitions;
      member.version += 1;
      void this.#tell(member);
    }
  }

  async #tell(member: Member): Promise<void> {
    const { link, version } = member;
    const { random, scheduler } = link.network;
    const delayMs = random.integer(0, NEWS_DELAY_MS_MAX);
    await new Promise<void>((resolve) => link.clock.schedule(delayMs, resolve));
    await scheduler.step(link.process);
    // Whoever was thrown out hears of it when it asks again.
    if (member.left || member.version !== version || !member.present) return;
    // Not waited for: a batch runs on after its partitions have gone.
    void member.delivery?.close();
    member.delivery = this.#deliver(member, member.partitions);
  }

  #deliver(member: Member, partitions: readonly number[]): LogDelivery<LogEntry> {
    const { link, options } = member;
    const own = new Set(partitions);
    const source = {
      partitionCount: this.log.partitionCount,
      clock: link.clock,
      readNow: (from: Parameters<SimulatedLog['read']>[0], recordsMax: number) =>
        own.has(from.partition) ? this.log.read(from, recordsMax) : [],
    };
    const delivery: LogDelivery<LogEntry> = new LogDelivery<LogEntry>(
      source,
      {
        ...options,
        startAt: async () => (await options.startAt(partitions)).filter(({ partition }) => own.has(partition)),
        onHalt: (error) => {
          link.network.faults.count('log position out of range');
          this.#leave(member);
          options.onHalt(error);
        },
      },
      () => unwatch(),
    );
    const unwatch = this.log.watch(() => delivery.wake());
    return delivery;
  }
}
