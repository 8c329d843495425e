import { status } from '@grpc/grpc-js';
import { useMesh } from '@giftmesh/test-harness';
import { eventually } from './support/eventually';
import { expectRefusal, refusalOf } from './support/refusals';
import { giftOf, ROOM, viewerWith } from './support/requests';
import { sendStreamed } from './support/send-streamed';

describe('paging', () => {
  const mesh = useMesh();

  it('of ListGifts gives every gift once, in pages of any size', async () => {
    const all = await mesh.interaction.call.listGifts({ roomId: ROOM, pageSize: 500, pageToken: '' });
    const ids: number[] = [];
    let pageToken = '';
    let pages = 0;
    do {
      const page = await mesh.interaction.call.listGifts({ roomId: ROOM, pageSize: 170, pageToken });
      expect(page.gifts.length).toBeLessThanOrEqual(170);
      ids.push(...page.gifts.map(({ giftId }) => giftId));
      pageToken = page.nextPageToken;
      pages += 1;
    } while (pageToken !== '' && pages < 50);
    expect(pages).toBeGreaterThan(2);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.slice(0, 500)).toEqual(all.gifts.map(({ giftId }) => giftId));
  });

  it('of ListAssetRecords gives every record once, newest first, while new ones come', async () => {
    const viewerId = await viewerWith(mesh, 100n);
    const sent: string[] = [];
    for (let count = 0; count < 12; count += 1) {
      const gift = giftOf({ viewerId });
      sent.unshift(gift.eventId);
      await mesh.interaction.call.sendGift(gift);
    }
    await eventually(async () => {
      const { records } = await mesh.da.call.listAssetRecords({ userId: viewerId, pageSize: 0, pageToken: '' });
      expect(records).toHaveLength(13);
    });
    const seen: string[] = [];
    let pageToken = '';
    do {
      const page = await mesh.station.call.listAssetRecords({ userId: viewerId, pageSize: 5, pageToken });
      expect(page.records.length).toBeLessThanOrEqual(5);
      seen.push(...page.records.map(({ eventId }) => eventId));
      pageToken = page.nextPageToken;
      await sendStreamed(mesh, [[giftOf({ viewerId })]]);
    } while (pageToken !== '');
    expect(seen.slice(0, 12)).toEqual(sent);
    expect(seen).toHaveLength(13);
  });

  it('ends with an empty token when the last page is full', async () => {
    const viewerId = await viewerWith(mesh, 1n);
    const page = await mesh.station.call.listAssetRecords({ userId: viewerId, pageSize: 1, pageToken: '' });
    expect(page.records).toHaveLength(1);
    expect(page.nextPageToken).toBe('');
  });

  it('refuses tokens that are none, are damaged, or are of another user', async () => {
    const [mine, hers] = [await viewerWith(mesh, 10n), await viewerWith(mesh, 10n)];
    await mesh.interaction.call.sendGift(giftOf({ viewerId: mine }));
    const token = await eventually(async () => {
      const { nextPageToken } = await mesh.da.call.listAssetRecords({ userId: mine, pageSize: 1, pageToken: '' });
      expect(nextPageToken).not.toBe('');
      return nextPageToken;
    });
    const bad = ['x', '!!!', `${token}x`, token.slice(0, -3), token.slice(1), 'A'.repeat(5_000), '\u0000', '💥'];
    for (const records of [mesh.station.call.listAssetRecords, mesh.da.call.listAssetRecords]) {
      for (const pageToken of bad)
        expectRefusal(await refusalOf(records({ userId: mine, pageSize: 1, pageToken })), {
          by: 'payment',
          code: status.INVALID_ARGUMENT,
          reason: 'PAGE_TOKEN_MALFORMED',
          fields: ['page_token'],
        });
      expectRefusal(await refusalOf(records({ userId: hers, pageSize: 1, pageToken: token })), {
        by: 'payment',
        code: status.INVALID_ARGUMENT,
        reason: 'PAGE_TOKEN_MALFORMED',
        fields: ['page_token'],
      });
    }
    const next = await mesh.station.call.listAssetRecords({ userId: mine, pageSize: 1, pageToken: token });
    expect(next.records).toHaveLength(1);
  });
});
