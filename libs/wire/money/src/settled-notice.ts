import { daLog } from '@giftmesh/contract';
import type { Codec, SettledNotice } from '@giftmesh/domain-money';
import { countersFromProto, countersToProto } from './counters';
import { reusedWriter } from './reused-writer';

const encodeNotice = reusedWriter(daLog.SettledNotice);

/** How settled notices are written: `giftmesh.payment.da.v1.SettledNotice`. */
export const settledNoticeCodec: Codec<SettledNotice> = {
  encode: (notice) =>
    encodeNotice({
      counters: notice.counters.map(countersToProto),
      events: notice.events.map(({ opUserId, eventId }) => ({ opUserId, eventId })),
    }),
  decode: (bytes) => {
    const message = daLog.SettledNotice.decode(bytes);
    return { counters: message.counters.map(countersFromProto), events: message.events };
  },
};
