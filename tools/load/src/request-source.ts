import { EventIdStamp } from './event-id-stamp';
import { EVENT_ID_OFFSET, giftRequests, type GiftWorkload } from './gift-workload';

/** Where a load client's requests come from, as plain data. */
export type RequestSpec =
  /** The same message every time. */
  | { readonly kind: 'fixed'; readonly messageBase64: string }
  /** SendGift requests, each with an event id of its own. */
  | { readonly kind: 'gifts'; readonly workload: GiftWorkload };

/** Gives encoded messages to send. */
export interface RequestSource {
  /** A buffer that is the caller's to keep: `headroom` free bytes, then a message. */
  next(headroom: number): Buffer;
  /** The running number of the message given last, by which its answer is known; -1 where there is none. */
  readonly lastNumber: number;
}

/** Different requests that are drawn beforehand and sent in turn. */
const REQUESTS_DRAWN = 8192;

/** Makes the source that `spec` describes. `ownNumber` keeps event ids of clients apart: below 2^42. */
export function requestSource(spec: RequestSpec, ownNumber: number): RequestSource {
  switch (spec.kind) {
    case 'fixed':
      return fixedSource(Buffer.from(spec.messageBase64, 'base64'));
    case 'gifts':
      return giftSource(spec.workload, ownNumber);
  }
}

function fixedSource(message: Buffer): RequestSource {
  return {
    lastNumber: -1,
    next: (headroom) => {
      const buffer = Buffer.allocUnsafe(headroom + message.length);
      message.copy(buffer, headroom);
      return buffer;
    },
  };
}

function giftSource(workload: GiftWorkload, ownNumber: number): RequestSource {
  const requests = giftRequests(workload, REQUESTS_DRAWN);
  const stamp = new EventIdStamp(ownNumber);
  let index = 0;
  const source = {
    lastNumber: -1,
    next: (headroom: number): Buffer => {
      const message = requests[index] as Buffer;
      index = (index + 1) % requests.length;
      const buffer = Buffer.allocUnsafe(headroom + message.length);
      message.copy(buffer, headroom);
      source.lastNumber = stamp.write(buffer, headroom + EVENT_ID_OFFSET, Date.now());
      return buffer;
    },
  };
  return source;
}
