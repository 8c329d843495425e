import { ASSET_TYPES, type AssetType, type Counters } from '@giftmesh/domain-money';

/**
 * Fields of a user's hash. Few, with several numbers in each: what a decision reads and writes are two of them and the event's own, and each
 * field more would cost about a microsecond.
 */
export const UserField = {
  /** Of one who is in place: see {@link UserHead}. */
  head: 'h',
  /** What each decision changes: see {@link UserTurn}. */
  turn: 't',
  /** Counters of an account: credited, reversed, debited, seq, with a space between. */
  account: (asset: AssetType): string => asset,
} as const;

/** What of a user changes seldom, in this order with a space between. */
export interface UserHead {
  readonly generation: string;
  /** Changes whenever settled decisions go or come from the ledger. */
  readonly asOf: string;
  /** Decisions that are settled; the others stand in the outbox. */
  readonly settled: string;
  /** Newest id among refusals, `0`, which stands before all ids, without any. */
  refusedId: string;
  /** Up to this event id, and with it, a decision may have been forgotten. */
  readonly askThroughId: string;
}

/** What of a user changes with each decision, in this order with a space between. */
export interface UserTurn {
  /** Decisions so far: gives each its place among those of the user. */
  order: number;
  /** Time of the last debit, -1 when it is not known. */
  used: string;
}

/** Reads a head. */
export function userHead(text: string): UserHead {
  const [generation = '', asOf = '', settled = '', refusedId = '', askThroughId = ''] = text.split(' ');
  return { generation, asOf, settled, refusedId, askThroughId };
}

/** The text of a head, as the scripts write it. */
export function userHeadText({ generation, asOf, settled, refusedId, askThroughId }: UserHead): string {
  return [generation, asOf, settled, refusedId, askThroughId].join(' ');
}

/** Reads a turn. */
export function userTurn(text: string): UserTurn {
  const [order, used = ''] = text.split(' ');
  return { order: Number(order), used };
}

/** The text of a turn, as the scripts write it. */
export const userTurnText = ({ order, used }: UserTurn): string => `${order} ${used}`;

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
