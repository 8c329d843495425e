import type { interaction } from '@giftmesh/contract';
import type { Gift, GiftCatalogue, RoomDirectory } from '@giftmesh/domain-gifts';
import { assetTypes } from '@giftmesh/wire-money';
import { Fields, roomOrThrow } from './fields';

const PAGE_SIZE_DEFAULT = 100;
const PAGE_SIZE_MAX = 500;
const TOKEN = /^g1\.([1-9]\d{0,9})$/;

/** The handler of ListGifts: every room's panel has the whole catalogue, in order of the gifts' ids. */
export function listGiftsHandler(catalogue: GiftCatalogue, rooms: RoomDirectory) {
  const messages = new Map(catalogue.gifts.map((gift) => [gift, giftToProto(gift)]));
  return (request: interaction.ListGiftsRequest): Promise<interaction.ListGiftsResponse> =>
    Promise.resolve().then(() => {
      const fields = new Fields();
      fields.id('room_id', request.roomId);
      const pageSize = fields.size(
        'PAGE_SIZE_OUT_OF_RANGE',
        'page_size',
        request.pageSize,
        PAGE_SIZE_DEFAULT,
        PAGE_SIZE_MAX,
      );
      const afterId = placeOf(request.pageToken, catalogue);
      if (afterId === undefined) fields.wrong('PAGE_TOKEN_MALFORMED', 'page_token', 'is none that ListGifts gave out');
      fields.done();
      roomOrThrow(rooms, request.roomId);
      const page = catalogue.page(afterId ?? 0, pageSize);
      const last = page[page.length - 1];
      const isEnd = last === undefined || last === catalogue.gifts[catalogue.gifts.length - 1];
      return {
        gifts: page.map((gift) => messages.get(gift) ?? giftToProto(gift)),
        nextPageToken: isEnd ? '' : `g1.${last.giftId}`,
      };
    });
}

/** The gift behind which a page begins, 0 for the first page, undefined for a token that was never given out. */
function placeOf(token: string, catalogue: GiftCatalogue): number | undefined {
  if (token === '') return 0;
  const giftId = Number(TOKEN.exec(token)?.[1]);
  return catalogue.find(giftId) === undefined ? undefined : giftId;
}

function giftToProto(gift: Gift): interaction.Gift {
  return { ...gift, payAsset: assetTypes.toProto(gift.payAsset), earnAsset: assetTypes.toProto(gift.earnAsset) };
}
