import { da, interaction, station } from '@giftmesh/contract';
import type { MeshClients } from '@giftmesh/test-harness';
import { newEventId, newUser } from './ids';
import { eventOf, giftOf, HOST, orderOf, ROOM } from './requests';

/** A method by its path, and how to make the bytes of a good request. */
export interface Method {
  readonly service: keyof MeshClients;
  readonly path: string;
  readonly request: () => Buffer;
  /** Answers until its caller ends it. */
  readonly endless?: true;
}

interface Codec<T> {
  encode(message: T): { finish(): Uint8Array };
}

const ask =
  <T>(codec: Codec<T>, message: () => T) =>
  (): Buffer =>
    Buffer.from(codec.encode(message()).finish());
const of =
  (service: keyof MeshClients, prefix: string) =>
  <T>(name: string, codec: Codec<T>, message: () => T): Method => ({
    service,
    path: `${prefix}/${name}`,
    request: ask(codec, message),
  });
const viewers = of('interaction', '/giftmesh.interaction.v1.InteractionService');
const stations = of('station', '/giftmesh.payment.station.v1.PaymentStationService');
const ledgers = of('da', '/giftmesh.payment.da.v1.PaymentDaService');
const event = () => eventOf({ payer: newUser(), payees: [HOST], each: 1n });
const reversal = () => ({ eventId: newEventId(), originalEventId: newEventId(), opUserId: newUser(), amount: 0n });
const records = () => ({ userId: newUser(), pageSize: 1, pageToken: '' });

/** Every method of the three services. */
export const METHODS: readonly Method[] = [
  viewers('SendGift', interaction.SendGiftRequest, giftOf),
  viewers('StreamGifts', interaction.StreamGiftsRequest, () => ({ gifts: [giftOf()] })),
  viewers('ListGifts', interaction.ListGiftsRequest, () => ({ roomId: ROOM, pageSize: 1, pageToken: '' })),
  viewers('EnterRoom', interaction.EnterRoomRequest, () => ({ roomId: ROOM, viewerId: newUser() })),
  {
    ...viewers('WatchRoom', interaction.WatchRoomRequest, () => ({ roomId: ROOM, resumeToken: '' })),
    endless: true,
  },
  viewers('GetLeaderboard', interaction.GetLeaderboardRequest, () => ({ roomId: ROOM, kind: 1, period: 1, limit: 1 })),
  stations('ChangeAssets', station.ChangeAssetsRequest, () => ({ events: [event()] })),
  stations('GetAssets', station.GetAssetsRequest, () => ({ userIds: [newUser()], cachedOnly: false })),
  stations('ListAssetRecords', station.ListAssetRecordsRequest, records),
  stations('ApplyOrder', station.ApplyOrderRequest, orderOf),
  stations('ReverseEvent', station.ReverseEventRequest, reversal),
  ledgers('LoadAssets', da.LoadAssetsRequest, () => ({ userIds: [newUser()], decidedSinceMs: 0n })),
  ledgers('ListAssetRecords', da.ListAssetRecordsRequest, records),
  ledgers('ApplyOrder', da.ApplyOrderRequest, () => ({ order: orderOf() })),
  ledgers('ReverseEvent', da.ReverseEventRequest, () => ({ reversal: reversal() })),
  ledgers('CheckEvents', da.CheckEventsRequest, () => ({
    events: [{ opUserId: newUser(), eventId: newEventId() }],
    behindBarrier: true,
  })),
  ledgers('RaiseGeneration', da.RaiseGenerationRequest, () => ({ shards: [1] })),
];
