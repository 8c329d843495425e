import { ASSET_TYPES, type AssetType, type Counters } from '@giftmesh/domain-money';

/**
 * Fields of a user's hash. Few, with several numbers in each: what a decision reads and writes are two of them and the event's own, and each
 * field more would cost about a microsecond.
 */
export const UserField = {
  /** Of one who is in place: see {@link UserHead}. */
  head: 'h',
  /** Counters of an account: credited, reversed, debited, seq, with a space between. */
  account: (asset: AssetType): string => asset,
} as const;

/** What a user's hash has of her beside accounts and decisions, in this order with a space between. */
export interface UserHead {
  readonly generation: string;
  /** Changes whenever settled decisions go or come from the ledger. */
  readonly asOf: number;
  /** Decisions so far: gives each its place among those of the user. */
  order: number;
  /** Decisions in the outbox. */
  pending: number;
  readonly settled: string;
  /** Time of the last debit, -1 when it is not known. */
  used: string;
  /** Up to this event id, and with it, a decision may have been forgotten. */
  readonly askThroughId: string;
  /** Newest id among refusals, `NO_ID` without any. */
  refusedId: string;
}

/** Stands before all event ids. */
export const NO_ID = '0';

/** Reads a head. */
export function userHead(text: string): UserHead {
  const [generation = '', asOf, order, pending, settled = '', used = '', askThroughId = '', refusedId = ''] =
    text.split(' ');
  return {
    generation,
    asOf: Number(asOf),
    order: Number(order),
    pending: Number(pending),
    settled,
    used,
    askThroughId,
    refusedId,
  };
}

/** The text of a head, as the scripts write it. */
export function userHeadText(head: UserHead): string {
  const { generation, asOf, order, pending, settled, used, askThroughId, refusedId } = head;
  return [generation, asOf, order, pending, settled, used, askThroughId, refusedId].join(' ');
}

/** The accounts of a user from the texts of each asset in the order of `ASSET_TYPES`, null for an account she does not have. */
export function accountsOf(userId: bigint, texts: readonly (string | null)[]): Counters[] {
  const accounts: Counters[] = [];
  ASSET_TYPES.forEach((assetType, index) => {
    const text = texts[index] ?? null;
    if (text === null) return;
    const [credited = '', reversed = '', debited = '', seq] = text.split(' ');
    accounts.push({
      userId,
      assetType,
      credited: BigInt(credited),
      reversed: BigInt(reversed),
      debited: BigInt(debited),
      seq: Number(seq),
    });
  });
  return accounts;
}
