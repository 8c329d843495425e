import type { da } from '@giftmesh/contract';
import { status } from '@grpc/grpc-js';
import { useMesh } from '@giftmesh/test-harness';
import { AMOUNT_MAX } from './support/bad-events';
import { BAD_ORDERS, BAD_REVERSALS } from './support/bad-orders';
import { booksOf } from './support/books';
import { newEventId } from './support/ids';
import { callBytes } from './support/raw-call';
import { expectRefusal, refusalOf, type ExpectedRefusal } from './support/refusals';
import { giftOf, HOST, orderOf, viewerWith } from './support/requests';
import { integerField } from './support/wire';

const SERVICE = '/giftmesh.payment.da.v1.PaymentDaService';

describe('bad input to PaymentDaService', () => {
  const mesh = useMesh();
  let userId: bigint;
  /** An applied gift of the user. */
  let originalEventId: string;

  beforeAll(async () => {
    userId = await viewerWith(mesh, AMOUNT_MAX);
    const gift = giftOf({ viewerId: userId, count: 5 });
    await mesh.interaction.call.sendGift(gift);
    originalEventId = gift.eventId;
  });

  const books = () => booksOf(mesh, [userId, HOST]);
  const invalid = (...fields: readonly string[]): ExpectedRefusal => ({
    by: 'payment',
    code: status.INVALID_ARGUMENT,
    reason: 'REQUEST_INVALID',
    fields,
  });
  const ids = (count: number) => Array.from({ length: count }, (_, index) => BigInt(index + 1));
  const key = { opUserId: 1n, eventId: newEventId() };

  it.each<[string, Partial<da.LoadAssetsRequest>, string]>([
    ['nobody', { userIds: [] }, 'user_ids'],
    ['1,001 users', { userIds: ids(1_001) }, 'user_ids'],
    ['user 0', { userIds: [1n, 0n] }, 'user_ids[1]'],
    ['user -1', { userIds: [-1n] }, 'user_ids[0]'],
    ['a time before 1970', { decidedSinceMs: -1n }, 'decided_since_ms'],
    ['a time of 2^48', { decidedSinceMs: 2n ** 48n }, 'decided_since_ms'],
    ['the last time of int64', { decidedSinceMs: 2n ** 63n - 1n }, 'decided_since_ms'],
  ])('LoadAssets refuses %s', async (_, change, field) => {
    const request = { userIds: [userId], decidedSinceMs: 0n, ...change };
    expectRefusal(await refusalOf(mesh.da.call.loadAssets(request)), invalid(field));
  });

  it.each<[string, number, bigint, string]>([
    ['LoadAssets', 1, 2n ** 63n, 'user_ids[0]'],
    ['LoadAssets', 1, 2n ** 64n - 1n, 'user_ids[0]'],
    ['ListAssetRecords', 1, 2n ** 63n, 'user_id'],
    ['RaiseGeneration', 1, 2n ** 31n, 'shards[0]'],
  ])('%s refuses %d in field %i', async (method, number, value, field) => {
    const refusal = await refusalOf(callBytes(mesh.da, `${SERVICE}/${method}`, integerField(number, value)));
    expectRefusal(refusal, invalid(field));
  });

  // Page tokens that are wrong: see paging.spec.ts.
  it.each<[string, Partial<da.ListAssetRecordsRequest>, string]>([
    ['user 0', { userId: 0n }, 'user_id'],
    ['user -1', { userId: -1n }, 'user_id'],
    ['a page of -1', { pageSize: -1 }, 'page_size'],
    ['a page of 201', { pageSize: 201 }, 'page_size'],
  ])('ListAssetRecords refuses %s', async (_, change, field) => {
    const request = { userId, pageSize: 0, pageToken: '', ...change };
    expectRefusal(await refusalOf(mesh.da.call.listAssetRecords(request)), invalid(field));
  });

  it.each(BAD_ORDERS)('ApplyOrder refuses %s', async (_, change, fields) => {
    const before = await books();
    const refusal = await refusalOf(mesh.da.call.applyOrder({ order: orderOf({ userId, ...change }) }));
    expectRefusal(refusal, invalid(...fields.map((field) => `order.${field}`)));
    expect(await books()).toEqual(before);
  });

  it('ApplyOrder refuses what is no order, and one past what an account can hold', async () => {
    const before = await books();
    expectRefusal(await refusalOf(mesh.da.call.applyOrder({ order: undefined })), invalid('order'));
    expectRefusal(await refusalOf(mesh.da.call.applyOrder({ order: orderOf({ userId }) })), {
      by: 'payment',
      code: status.FAILED_PRECONDITION,
      reason: 'AMOUNT_OVERFLOW',
    });
    expect(await books()).toEqual(before);
  });

  it.each(BAD_REVERSALS)('ReverseEvent refuses %s', async (_, change, fields) => {
    const before = await books();
    const good = { eventId: newEventId(), originalEventId, opUserId: userId, amount: 0n };
    const reversal = { ...good, ...(typeof change === 'function' ? change(good) : change) };
    const refusal = await refusalOf(mesh.da.call.reverseEvent({ reversal }));
    expectRefusal(refusal, invalid(...fields.map((field) => `reversal.${field}`)));
    expect(await books()).toEqual(before);
  });

  it('ReverseEvent refuses what is no reversal, and one past what an account can hold', async () => {
    const before = await books();
    expectRefusal(await refusalOf(mesh.da.call.reverseEvent({ reversal: undefined })), invalid('reversal'));
    const reversal = { eventId: newEventId(), originalEventId, opUserId: userId, amount: 0n };
    expectRefusal(await refusalOf(mesh.da.call.reverseEvent({ reversal })), {
      by: 'payment',
      code: status.FAILED_PRECONDITION,
      reason: 'AMOUNT_OVERFLOW',
    });
    expect(await books()).toEqual(before);
  });

  it.each<[string, da.EventKey[], string]>([
    ['no events', [], 'events'],
    ['1,001 events', Array.from({ length: 1_001 }, () => key), 'events'],
    ['op user 0', [key, { ...key, opUserId: 0n }], 'events[1].op_user_id'],
    ['op user -1', [{ ...key, opUserId: -1n }], 'events[0].op_user_id'],
    ['no event id', [{ ...key, eventId: '' }], 'events[0].event_id'],
    ['an event id in upper case', [{ ...key, eventId: key.eventId.toUpperCase() }], 'events[0].event_id'],
  ])('CheckEvents refuses %s', async (_, events, field) => {
    for (const behindBarrier of [false, true])
      expectRefusal(await refusalOf(mesh.da.call.checkEvents({ events, behindBarrier })), invalid(field));
  });

  it.each<[string, number[], string]>([
    ['no shards', [], 'shards'],
    ['more shards than there are', Array.from({ length: 257 }, () => 1), 'shards'],
    ['shard -1', [0, -1], 'shards[1]'],
    ['the shard behind the last', [256], 'shards[0]'],
  ])('RaiseGeneration refuses %s', async (_, shards, field) => {
    const { generation } = await mesh.da.call.raiseGeneration({ shards: [255] });
    expectRefusal(await refusalOf(mesh.da.call.raiseGeneration({ shards })), invalid(field));
    expect((await mesh.da.call.raiseGeneration({ shards: [255] })).generation).toBe(generation + 1n);
  });

  it('left the process as it was', async () => {
    expect(await mesh.interaction.call.sendGift(giftOf({ viewerId: userId }))).toMatchObject({ duplicate: false });
    expect(mesh.process.stderr).not.toContain('a call failed');
  });
});
