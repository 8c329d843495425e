import { daLog } from '@giftmesh/contract';
import type { Codec, DecidedEvent, LogEntry } from '@giftmesh/domain-money';
import { outcomes } from './enums';
import { carrierFromProto, carrierToProto } from './carrier';
import { eventFromProto, eventToProto } from './event';
import { reusedWriter } from './reused-writer';
import { WireError } from './wire-error';

const encodeEntry = reusedWriter(daLog.MoneyLogEntry);

/** How the log of money is written: `giftmesh.payment.da.v1.MoneyLogEntry`. */
export const moneyLogCodec: Codec<LogEntry> = {
  encode: (entry) => encodeEntry(entryToProto(entry)),
  decode: (bytes) => entryFromProto(daLog.MoneyLogEntry.decode(bytes)),
};

function entryToProto(entry: LogEntry): daLog.MoneyLogEntry {
  if (entry.kind === 'fence') {
    const { shards, generation } = entry.fence;
    return {
      entry: { $case: 'fence', value: { shards: [...shards], generation: BigInt(generation) } },
      carrier: undefined,
    };
  }
  const { decided } = entry;
  return {
    entry: {
      $case: 'event',
      value: {
        event: eventToProto(decided.event),
        outcome: outcomes.toProto(decided.outcome),
        opUserBalance: decided.opUserBalance,
        seq: BigInt(decided.seq),
        generation: BigInt(decided.generation),
        fingerprint: decided.fingerprint,
        decidedAtMs: BigInt(decided.decidedAtMs),
      },
    },
    carrier: carrierToProto(entry.carrier),
  };
}

function entryFromProto(message: daLog.MoneyLogEntry): LogEntry {
  switch (message.entry?.$case) {
    case 'event': {
      const decided = decidedFromProto(message.entry.value);
      const carrier = carrierFromProto(message.carrier);
      return carrier === undefined ? { kind: 'event', decided } : { kind: 'event', decided, carrier };
    }
    case 'fence': {
      const { shards, generation } = message.entry.value;
      return { kind: 'fence', fence: { shards, generation: Number(generation) } };
    }
    case undefined:
      throw new WireError('entry', 'is missing or of a newer contract');
  }
}

function decidedFromProto(message: daLog.DecidedEventEntry): DecidedEvent {
  if (message.event === undefined) throw new WireError('event', 'is missing');
  const outcome = outcomes.fromProto(message.outcome);
  if (outcome === undefined) throw new WireError('outcome', `${message.outcome} is not known`);
  return {
    event: eventFromProto(message.event),
    outcome,
    opUserBalance: message.opUserBalance,
    seq: Number(message.seq),
    generation: Number(message.generation),
    fingerprint: message.fingerprint,
    decidedAtMs: Number(message.decidedAtMs),
  };
}
