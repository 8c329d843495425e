import type { AssetType } from '@giftmesh/domain-money';

/** A gift of the catalogue: its price, and the rules of sending it. */
export interface Gift {
  /** Positive int32, never used again for another gift. */
  readonly giftId: number;
  readonly name: string;
  /** Price of one for one recipient, in `payAsset`. */
  readonly price: bigint;
  readonly payAsset: AssetType;
  /** What recipients are credited in. */
  readonly earnAsset: AssetType;
  /** The most that one event may carry for each recipient. */
  readonly maxCount: number;
  /** The most recipients of one event. */
  readonly maxRecipients: number;
  /** How long a combo waits for its next gift, milliseconds; 0 for a gift without combos. */
  readonly comboWindowMs: number;
  /** The full-screen effect that it plays, empty for none. */
  readonly effect: string;
  /** Whether streamers may send it to themselves. */
  readonly selfGiftAllowed: boolean;
}
