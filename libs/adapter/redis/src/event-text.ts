import {
  ASSET_TYPES,
  BIZ_TYPES,
  EVENT_TYPES,
  type AssetChange,
  type AssetEvent,
  type EventKey,
} from '@giftmesh/domain-money';

/** First in the text, so that a later format can be told from this one. */
const FORMAT = 1;

type Change = readonly [userId: string, assetType: string, incr: string];
type Fields = readonly [
  format: number,
  eventType: string,
  bizId: string,
  bizType: string,
  objId: string,
  opUserChange: Change,
  toUserChanges: readonly Change[],
  quantity: number,
  comboKey: string,
];

/** What the balance store keeps of an event while it is in the outbox, without what the names of its key and field say. */
export function eventToText(event: AssetEvent): string {
  const fields: Fields = [
    FORMAT,
    event.eventType,
    String(event.bizId),
    event.bizType,
    event.objId,
    changeToFields(event.opUserChange),
    event.toUserChanges.map(changeToFields),
    event.quantity,
    event.comboKey,
  ];
  return JSON.stringify(fields);
}

/** The event of a text. Throws for a text of another format, or with a word that this version does not know. */
export function eventFromText(text: string, { opUserId, eventId }: EventKey): AssetEvent {
  const fields = JSON.parse(text) as Fields;
  const [format, eventType, bizId, bizType, objId, opUserChange, toUserChanges, quantity, comboKey] = fields;
  if (format !== FORMAT) throw new Error(`event ${eventId} is stored in format ${String(format)}, not ${FORMAT}`);
  return {
    eventId,
    opUserId,
    eventType: known(EVENT_TYPES, eventType, eventId),
    bizId: BigInt(bizId),
    bizType: known(BIZ_TYPES, bizType, eventId),
    objId,
    opUserChange: changeFromFields(opUserChange, eventId),
    toUserChanges: toUserChanges.map((change) => changeFromFields(change, eventId)),
    quantity,
    comboKey,
  };
}

function changeToFields({ userId, assetType, incr }: AssetChange): Change {
  return [String(userId), assetType, String(incr)];
}

function changeFromFields([userId, assetType, incr]: Change, eventId: string): AssetChange {
  return { userId: BigInt(userId), assetType: known(ASSET_TYPES, assetType, eventId), incr: BigInt(incr) };
}

function known<T extends string>(words: readonly T[], word: string, eventId: string): T {
  if (!words.includes(word as T)) throw new Error(`event ${eventId} is stored with ${word}, which is not known`);
  return word as T;
}
