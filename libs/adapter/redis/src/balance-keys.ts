import { ASSET_TYPES } from '@giftmesh/domain-money';

/** What the keys of an installation begin with, unless told otherwise. */
export const DEFAULT_KEY_PREFIX = 'giftmesh:';

const PREFIX = /^[\x21-\x7a|~]{0,64}$/;

/** The names of the balance store's keys. All keys of a shard have the same hash tag, so they live in one slot of a cluster. */
export class BalanceKeys {
  /** Throws RangeError for a prefix with braces, spaces or more than 64 characters: a brace would move the hash tag. */
  constructor(private readonly prefix: string = DEFAULT_KEY_PREFIX) {
    if (!PREFIX.test(prefix))
      throw new RangeError(`prefix must be at most 64 printable characters without braces, is ${prefix}`);
  }

  /** Text: the shard's generation, 1 when it is open, and the mastership under which it was raised. */
  state(shard: number): string {
    return `${this.#shard(shard)}state`;
  }

  /** Sorted set: `outboxMember` of each decision that the ledger has not applied, by its time. */
  outbox(shard: number): string {
    return `${this.#shard(shard)}outbox`;
  }

  /** Sorted set: users with an entry, by a time at or before their last use; 0 for those nobody has looked at since. */
  idle(shard: number): string {
    return `${this.#shard(shard)}idle`;
  }

  /** Hash: accounts and decisions of a user, or what is remembered of one who is not in place. */
  user(shard: number, userId: bigint | string): string {
    return `${this.#shard(shard)}user:${userId}`;
  }

  #shard(shard: number): string {
    return `${this.prefix}{s${String(shard).padStart(3, '0')}}:`;
  }
}

/** How the outbox names a decision. */
export const outboxMember = (userId: bigint, eventId: string): string => `${userId}/${eventId}`;

/** The user and the event of an outbox member. */
export function keyOfOutboxMember(member: string): { readonly userId: string; readonly eventId: string } {
  const slash = member.indexOf('/');
  return { userId: member.slice(0, slash), eventId: member.slice(slash + 1) };
}

/** The assets as a Lua table. */
export const LUA_ASSETS = `{${ASSET_TYPES.map((asset) => `'${asset}'`).join(', ')}}`;
