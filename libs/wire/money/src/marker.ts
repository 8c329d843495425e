import { common, type da } from '@giftmesh/contract';
import type { Marker } from '@giftmesh/domain-money';
import { outcomes } from './enums';

/** What is on record of an event; UNSPECIFIED for nothing. */
export function markerToProto(eventId: string, marker: Marker | undefined): da.DecidedEvent {
  if (marker === undefined)
    return { eventId, outcome: common.EventOutcome.UNSPECIFIED, opUserBalance: 0n, fingerprint: 0n };
  return {
    eventId,
    outcome: outcomes.toProto(marker.outcome),
    opUserBalance: marker.opUserBalance,
    fingerprint: marker.fingerprint,
  };
}

/** Undefined when nothing is on record. */
export function markerFromProto(message: da.DecidedEvent): Marker | undefined {
  const outcome = outcomes.fromProto(message.outcome);
  if (outcome === undefined) return undefined;
  return {
    eventId: message.eventId,
    outcome,
    opUserBalance: message.opUserBalance,
    fingerprint: message.fingerprint,
  };
}
