import type { daLog } from '@giftmesh/contract';
import type { Carrier } from '@giftmesh/domain-money';

/** The most headers of a carrier; further ones are left out. */
export const CARRIER_HEADERS_MAX = 8;
/** The longest name and value of a header together, characters; longer ones are left out. */
export const CARRIER_HEADER_LENGTH_MAX = 1_024;

/** Undefined for a carrier with nothing in it. */
export function carrierToProto(carrier: Carrier | undefined): daLog.Carrier | undefined {
  if (carrier === undefined) return undefined;
  const kept = Object.entries(carrier)
    .filter(([name, value]) => name.length + value.length <= CARRIER_HEADER_LENGTH_MAX)
    .slice(0, CARRIER_HEADERS_MAX);
  return kept.length === 0 ? undefined : { headers: Object.fromEntries(kept) };
}

/** Undefined when there is none. */
export function carrierFromProto(message: daLog.Carrier | undefined): Carrier | undefined {
  return message === undefined || Object.keys(message.headers).length === 0 ? undefined : message.headers;
}
