import type { interaction } from '@giftmesh/contract';
import { status } from '@grpc/grpc-js';
import { sleep, systemClock } from '@giftmesh/kernel-time';
import { readStream, useMesh } from '@giftmesh/test-harness';
import { eventually } from './support/eventually';
import { newEventId } from './support/ids';
import { expectRefusal } from './support/refusals';
import { giftOf, ledgerBalanceOf, viewerWith } from './support/requests';
import { sendStreamed } from './support/send-streamed';

describe('StreamGifts', () => {
  const mesh = useMesh();

  it('answers everything that was sent before the half-close, each gift once', async () => {
    const viewers = await Promise.all(Array.from({ length: 4 }, () => viewerWith(mesh, 1_000n)));
    const messages = Array.from({ length: 8 }, () =>
      Array.from({ length: 200 }, (_, index) => giftOf({ viewerId: viewers[index % viewers.length] as bigint })),
    );
    const results = await sendStreamed(mesh, messages);
    const sent = messages.flat().map(({ eventId }) => eventId);
    expect(results.map(({ eventId }) => eventId).sort()).toEqual(sent.sort());
    expect(results.filter(({ result }) => result?.$case !== 'ok')).toEqual([]);
    for (const viewerId of viewers) expect(await ledgerBalanceOf(mesh, viewerId)).toBe(600n);
  });

  it('ends with OK when nothing was sent', async () => {
    expect(await sendStreamed(mesh, [])).toEqual([]);
  });

  it('answers invalid gifts in their place, with the event id as it came, and goes on', async () => {
    const viewerId = await viewerWith(mesh, 10n);
    const bad = giftOf({ viewerId, eventId: 'nonsense', count: -1 });
    const good = giftOf({ viewerId });
    const results = await sendStreamed(mesh, [[bad, good], [{ ...bad, eventId: '' }]]);
    expect(results.map(({ eventId, result }) => [eventId, result?.$case]).sort()).toEqual(
      [
        ['nonsense', 'error'],
        [good.eventId, 'ok'],
        ['', 'error'],
      ].sort(),
    );
  });

  it.each([0, 513])('ends with a refusal at a message of %i gifts; those before it are answered', async (size) => {
    const viewerId = await viewerWith(mesh, 1_000n);
    const first = giftOf({ viewerId });
    const stream = mesh.interaction.client.streamGifts();
    const results: interaction.GiftResult[] = [];
    const read = readStream(stream, (message) => results.push(...message.results));
    stream.write({ gifts: [first] });
    stream.write({ gifts: Array.from({ length: size }, () => giftOf({ viewerId })) });
    const end = await read;
    if (end.kind !== 'failed') throw new Error(`the stream was ${end.kind}`);
    expectRefusal(end.error, {
      by: 'interaction',
      code: status.INVALID_ARGUMENT,
      reason: 'STREAM_MESSAGE_SIZE',
      fields: ['gifts'],
    });
    expect(results).toMatchObject([{ eventId: first.eventId, result: { $case: 'ok' } }]);
    expect(await ledgerBalanceOf(mesh, viewerId)).toBe(999n);
  });

  it('that is cancelled leaves gifts decided or not, and a repetition settles them', async () => {
    const viewerId = await viewerWith(mesh, 500n);
    const gifts = Array.from({ length: 300 }, () => giftOf({ viewerId }));
    const stream = mesh.interaction.client.streamGifts();
    const read = readStream(stream, () => undefined, { enough: () => true });
    stream.write({ gifts: gifts.slice(0, 1) });
    stream.write({ gifts: gifts.slice(1) });
    await read;
    const again = await sendStreamed(mesh, [gifts]);
    expect(again.every(({ result }) => result?.$case === 'ok')).toBe(true);
    expect(again).toHaveLength(300);
    expect(await ledgerBalanceOf(mesh, viewerId)).toBe(200n);
  });

  it('carries a live conversation: an answer comes before the next gift is sent', async () => {
    const viewerId = await viewerWith(mesh, 10n);
    const stream = mesh.interaction.client.streamGifts();
    const balances: bigint[] = [];
    const read = readStream(stream, ({ results }) => {
      for (const { result } of results) if (result?.$case === 'ok') balances.push(result.value.balance);
      if (balances.length < 5) stream.write({ gifts: [giftOf({ viewerId })] });
      else stream.end();
    });
    stream.write({ gifts: [giftOf({ viewerId, eventId: newEventId() })] });
    expect(await read).toEqual({ kind: 'ended' });
    expect(balances).toEqual([9n, 8n, 7n, 6n, 5n]);
  });

  it('whose client stops to read is not read on, and does not hold up others', async () => {
    const coins = 100_000n;
    // Several times what the buffers on both sides and the connection hold.
    const messages = 120;
    const viewerId = await viewerWith(mesh, coins);
    const stalled = mesh.interaction.client.streamGifts();
    stalled.on('error', () => undefined);
    // Not before its first message: a client of grpc-js that has never read takes in everything.
    stalled.on('data', () => stalled.pause());
    for (let message = 0; message < messages; message += 1)
      stalled.write({ gifts: Array.from({ length: 512 }, () => giftOf({ viewerId })) });
    const other = await viewerWith(mesh, 10n);
    await eventually(async () => {
      expect(await mesh.interaction.call.sendGift(giftOf({ viewerId: other }))).toMatchObject({ duplicate: false });
    });
    await eventually(async () => {
      const before = await ledgerBalanceOf(mesh, viewerId);
      expect(before).toBeLessThan(coins);
      await sleep(systemClock, 300);
      expect(await ledgerBalanceOf(mesh, viewerId)).toBe(before);
    });
    expect(await ledgerBalanceOf(mesh, viewerId)).toBeGreaterThan(coins - BigInt(messages * 512));
    expect(stalled.isPaused()).toBe(true);
    stalled.cancel();
  });
});
