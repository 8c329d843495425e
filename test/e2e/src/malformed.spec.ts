import { gzipSync } from 'node:zlib';
import { interaction, station } from '@giftmesh/contract';
import { status } from '@grpc/grpc-js';
import { seededRandom } from '@giftmesh/kernel-random';
import { CallError, useMesh } from '@giftmesh/test-harness';
import { checkHealth, HEALTH, SERVICE_NAMES } from './support/health';
import { METHODS, type Method } from './support/methods';
import { callBytes, callRaw, frame, type RawCall } from './support/raw-call';
import { expectRefusal, refusalOf } from './support/refusals';
import { balanceOf, giftOf, ledgerBalanceOf, orderOf, viewerWith } from './support/requests';
import { bytesField, tag, varint } from './support/wire';

const SEND_GIFT = '/giftmesh.interaction.v1.InteractionService/SendGift';
/** The largest request that servers take, bytes. */
const REQUEST_BYTES_MAX = 2 ** 20;
const RANDOM_CALLS = 200;
const SEED = Number(process.env['E2E_SEED'] ?? Date.now() % 2 ** 31);

describe('malformed requests', () => {
  const mesh = useMesh();

  const call = (method: Method, request: Buffer, more: Partial<RawCall> = {}) =>
    callRaw({
      address: mesh[method.service].address,
      path: method.path,
      body: frame(request),
      // For those that are good all the same: nobody else ends them.
      headers: method.endless === true ? { 'grpc-timeout': '300m' } : {},
      ...more,
    });
  const sendGift = METHODS[0] as Method;
  const sendRaw = (more: Partial<RawCall>) => call(sendGift, sendGift.request(), more);

  const DAMAGES: readonly (readonly [string, (good: Buffer) => Buffer])[] = [
    ['a varint that is cut off', (good) => Buffer.concat([good, tag(15, 'varint'), Buffer.from([0x80])])],
    ['a varint of eleven bytes', (good) => Buffer.concat([good, tag(15, 'varint'), Buffer.alloc(11, 0xff)])],
    ['a tag without a value', (good) => Buffer.concat([good, tag(1, 'varint')])],
    ['a tag that is no number', (good) => Buffer.concat([good, Buffer.alloc(11, 0xff)])],
    ['four bytes of a fixed64', (good) => Buffer.concat([good, tag(15, 'fixed64'), Buffer.alloc(4)])],
    ['a length beyond the end', (good) => Buffer.concat([good, tag(1, 'bytes'), varint(1_000n), Buffer.from('abc')])],
    ['a length of 2^32 - 1', (good) => Buffer.concat([good, tag(1, 'bytes'), varint(2n ** 32n - 1n)])],
    ['a length of 2^31', (good) => Buffer.concat([good, tag(15, 'bytes'), varint(2n ** 31n)])],
    ['a wire type that there is not', (good) => Buffer.concat([good, Buffer.from([0x7e, 0x01])])],
    ['a group that nothing ends', (good) => Buffer.concat([good, tag(15, 'startGroup'), Buffer.alloc(4)])],
    [
      'groups in groups, 100,000 deep',
      (good) => Buffer.concat([good, Buffer.concat(Array<Buffer>(100_000).fill(tag(15, 'startGroup')))]),
    ],
  ];

  describe.each(DAMAGES)('%s', (_, damage) => {
    it.each(METHODS.map((method) => [method.path.slice(1), method] as const))(
      'is refused by %s',
      async (__, method) => {
        expectRefusal(await refusalOf(call(method, damage(method.request()))), {
          by: method.service === 'interaction' ? 'interaction' : 'payment',
          code: status.INVALID_ARGUMENT,
          reason: 'MALFORMED_REQUEST',
        });
      },
    );
  });

  it('takes a field of another wire type for one it does not know', async () => {
    const good = giftOf({ viewerId: await viewerWith(mesh, 10n) });
    const request = interaction.SendGiftRequest.encode(good).finish();
    const more = Buffer.concat([request, bytesField(2, 'text'), tag(5, 'fixed32'), Buffer.alloc(4, 1)]);
    const answer = interaction.SendGiftResponse.decode(await callBytes(mesh.interaction, SEND_GIFT, more));
    expect(answer).toMatchObject({ coins: 1n, balance: 9n });
    const missing = interaction.SendGiftRequest.encode({ ...good, viewerId: 0n }).finish();
    const text = Buffer.concat([missing, bytesField(2, 'text')]);
    expectRefusal(await refusalOf(callBytes(mesh.interaction, SEND_GIFT, text)), {
      by: 'interaction',
      code: status.INVALID_ARGUMENT,
      reason: 'ID_OUT_OF_RANGE',
      fields: ['viewer_id'],
    });
  });

  it.each<[string, string, number, string, string]>([
    ['SendGift', 'event_id', 1, 'interaction', 'EVENT_ID_MALFORMED'],
    ['SendGift', 'combo_key', 7, 'interaction', 'COMBO_KEY_MALFORMED'],
    ['ListGifts', 'page_token', 3, 'interaction', 'PAGE_TOKEN_MALFORMED'],
    ['WatchRoom', 'resume_token', 2, 'interaction', 'RESUME_TOKEN_MALFORMED'],
    ['ListAssetRecords', 'page_token', 3, 'payment', 'PAGE_TOKEN_MALFORMED'],
    ['ApplyOrder', 'event_id', 1, 'payment', 'REQUEST_INVALID'],
    ['ApplyOrder', 'outside_transaction_id', 5, 'payment', 'REQUEST_INVALID'],
    ['ReverseEvent', 'original_event_id', 2, 'payment', 'REQUEST_INVALID'],
  ])('%s refuses a %s that is no UTF-8', async (name, field, number, by, reason) => {
    const method = METHODS.find(({ path }) => path.endsWith(`/${name}`)) as Method;
    const request = Buffer.concat([method.request(), bytesField(number, Buffer.from([0x61, 0xff, 0xc0, 0x80, 0xed]))]);
    expectRefusal(await refusalOf(call(method, request)), {
      by: by as 'payment',
      code: status.INVALID_ARGUMENT,
      reason,
      fields: [field],
    });
  });

  it('does not fail at random bytes, nor at good requests with random damage', async () => {
    console.info(`E2E_SEED=${SEED}`);
    const random = seededRandom(SEED);
    const codes = new Map<string, number>();
    for (let count = 0; count < RANDOM_CALLS; count += 1) {
      const method = METHODS[count % METHODS.length] as Method;
      const request = count % 2 === 0 ? Buffer.from(random.bytes(random.integer(1, 300))) : method.request();
      for (let hits = count % 2 === 0 ? 0 : random.integer(1, 4); hits > 0; hits -= 1)
        request[random.integer(0, request.length - 1)] = random.integer(0, 255);
      const code = await call(method, request).then(
        () => 'OK',
        (error: unknown) => (error instanceof CallError ? error.codeName : String(error)),
      );
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    const fine = ['OK', 'INVALID_ARGUMENT', 'NOT_FOUND', 'FAILED_PRECONDITION', 'ALREADY_EXISTS', 'DEADLINE_EXCEEDED'];
    expect([...codes.keys()].filter((code) => !fine.includes(code))).toEqual([]);
    expect(codes.get('INVALID_ARGUMENT')).toBeGreaterThan(RANDOM_CALLS / 2);
  }, 60_000);

  it('refuses messages above the limit, and takes one just below', async () => {
    const userId = await viewerWith(mesh, 10n);
    const order = Buffer.from(station.ApplyOrderRequest.encode(orderOf({ userId, amount: 5n })).finish());
    const path = '/giftmesh.payment.station.v1.PaymentStationService/ApplyOrder';
    // A field of a newer contract: as large as it takes.
    const paddedTo = (size: number) => {
      const head = Buffer.concat([order, tag(500, 'bytes'), varint(BigInt(REQUEST_BYTES_MAX - 200))]);
      return Buffer.concat([head, Buffer.alloc(REQUEST_BYTES_MAX - 200), tag(501, 'bytes'), varint(BigInt(size))]);
    };
    const rest = REQUEST_BYTES_MAX - paddedTo(0).length;
    const fits = Buffer.concat([paddedTo(rest), Buffer.alloc(rest)]);
    const tooLarge = Buffer.concat([paddedTo(rest + 1), Buffer.alloc(rest + 1)]);
    expect([fits.length, tooLarge.length]).toEqual([REQUEST_BYTES_MAX, REQUEST_BYTES_MAX + 1]);
    expect((await refusalOf(callBytes(mesh.station, path, tooLarge))).code).toBe(status.RESOURCE_EXHAUSTED);
    expect(await balanceOf(mesh, userId)).toBe(10n);
    await callBytes(mesh.station, path, fits);
    expect(await balanceOf(mesh, userId)).toBe(15n);
    for (const method of METHODS)
      expect((await refusalOf(call(method, Buffer.alloc(REQUEST_BYTES_MAX + 1)))).code).toBe(status.RESOURCE_EXHAUSTED);
  });

  it.each<[string, Partial<RawCall>, status]>([
    [
      'a method that there is not',
      { path: '/giftmesh.interaction.v1.InteractionService/TakeGift' },
      status.UNIMPLEMENTED,
    ],
    [
      'a service that there is not',
      { path: '/giftmesh.interaction.v9.InteractionService/SendGift' },
      status.UNIMPLEMENTED,
    ],
    ["another service's method", { path: '/giftmesh.payment.da.v1.PaymentDaService/LoadAssets' }, status.UNIMPLEMENTED],
    ['a path that is none', { path: '/' }, status.UNIMPLEMENTED],
    ['no message', { body: Buffer.alloc(0) }, status.UNIMPLEMENTED],
    ['half a frame', { body: frame(Buffer.alloc(10), { length: 100 }) }, status.UNIMPLEMENTED],
    ['two messages', { body: Buffer.concat([frame(Buffer.alloc(0)), frame(Buffer.alloc(0))]) }, status.UNIMPLEMENTED],
    ['a frame of 4 GiB', { body: frame(Buffer.alloc(10), { length: 2 ** 32 - 1 }) }, status.RESOURCE_EXHAUSTED],
    [
      'a compression that there is not',
      { headers: { 'grpc-encoding': 'zip' }, body: frame(Buffer.alloc(9), { compressed: 1 }) },
      status.UNIMPLEMENTED,
    ],
    [
      'a message that unpacks to more than the limit',
      { headers: { 'grpc-encoding': 'gzip' }, body: frame(gzipSync(Buffer.alloc(2 ** 24)), { compressed: 1 }) },
      status.RESOURCE_EXHAUSTED,
    ],
    // What grpc-js itself answers with INTERNAL, before any code of ours runs.
    [
      'a message that can not be unpacked',
      { headers: { 'grpc-encoding': 'gzip' }, body: frame(Buffer.alloc(9), { compressed: 1 }) },
      status.INTERNAL,
    ],
    ['a timeout that is none', { headers: { 'grpc-timeout': 'soon' } }, status.INTERNAL],
  ])('has a status for %s', async (_, more, code) => {
    expect((await refusalOf(sendRaw(more))).codeName).toBe(status[code]);
  });

  it('leave the process as it was: all services serve, a gift goes through, and no failure of ours was seen', async () => {
    for (const service of ['interaction', 'station', 'da'] as const)
      expect(await checkHealth(mesh[service], SERVICE_NAMES[service])).toBe(HEALTH.SERVING);
    const viewerId = await viewerWith(mesh, 10n);
    expect(await mesh.interaction.call.sendGift(giftOf({ viewerId }))).toMatchObject({ balance: 9n });
    expect(await ledgerBalanceOf(mesh, viewerId)).toBe(9n);
    expect(mesh.process.stderr).not.toContain('a call failed');
  });
});
