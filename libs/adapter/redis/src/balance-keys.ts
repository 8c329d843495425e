import { ASSET_TYPES, type AssetType } from '@giftmesh/domain-money';

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

  /** Hash: each decision that the ledger has not applied, under its `outboxField`. */
  outbox(shard: number): string {
    return `${this.#shard(shard)}outbox`;
  }

  /** Sorted set: users with an entry, by a time at or before their last use; 0 for those nobody has looked at since. */
  idle(shard: number): string {
    return `${this.#shard(shard)}idle`;
  }

  /** Bytes: a user in place, see `UserRecord`. */
  user(shard: number, userId: bigint | string): string {
    return `${this.#shard(shard)}user:${userId}`;
  }

  /** Hash: decisions of a user in place that the ledger has applied, by their events' ids. */
  settled(shard: number, userId: bigint | string): string {
    return this.user(shard, userId) + SETTLED_SUFFIX;
  }

  #shard(shard: number): string {
    return `${this.prefix}{s${String(shard).padStart(3, '0')}}:`;
  }
}

/** What follows a user's key in that of her settled decisions. Scripts make it where they need it: seldom, and always in the same slot. */
export const SETTLED_SUFFIX = ':settled';
/** What follows a user's key in that of what is remembered of her while she is not in place. */
export const ABSENT_SUFFIX = ':absent';

/** How the outbox names a decision. The id comes first, so that names of a user stand in the order of their ids. */
export const outboxField = (userId: bigint, eventId: string): string => `${eventId}/${userId}`;

/** The user and the event of an outbox field. */
export function keyOfOutboxField(field: string): { readonly userId: string; readonly eventId: string } {
  const slash = field.indexOf('/');
  return { eventId: field.slice(0, slash), userId: field.slice(slash + 1) };
}

/** A name that stands behind all those of an event id, and before those of the next. */
export const behindOutboxFields = (eventId: string): string => `${eventId}/z`;

/** The assets as a Lua table. */
export const LUA_ASSETS = `{${ASSET_TYPES.map((asset) => `'${asset}'`).join(', ')}}`;

/** The place of an asset in `ASSET_TYPES`, from 0: how scripts name it. */
export const assetPlace = (assetType: AssetType): number => ASSET_TYPES.indexOf(assetType);
