import type { interaction } from '@giftmesh/contract';
import { deferred } from '@giftmesh/kernel-async';
import { StatusCode } from '@giftmesh/kernel-errors';
import { HOST, newKit, Tap, VIEWER, type Kit } from '../test-kit/kit';

/** A client's side of a stream. */
class Requests implements AsyncIterableIterator<interaction.StreamGiftsRequest> {
  readonly #queue: interaction.StreamGiftsRequest[] = [];
  #wake: (() => void) | undefined;
  #end: 'open' | 'done' | Error = 'open';
  /** Messages that were read. */
  read = 0;
  returned = false;

  send(...gifts: interaction.SendGiftRequest[]): void {
    this.#queue.push({ gifts });
    this.#wake?.();
  }

  end(how: 'done' | Error = 'done'): void {
    this.#end = how;
    this.#wake?.();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<interaction.StreamGiftsRequest>> {
    while (this.#queue.length === 0 && this.#end === 'open') await new Promise<void>((wake) => (this.#wake = wake));
    const value = this.#queue.shift();
    if (value !== undefined) {
      this.read += 1;
      return { value, done: false };
    }
    if (this.#end instanceof Error) throw this.#end;
    return { value: undefined, done: true };
  }

  return(): Promise<IteratorResult<interaction.StreamGiftsRequest>> {
    this.returned = true;
    return Promise.resolve({ value: undefined, done: true });
  }
}

function open(kit: Kit) {
  const requests = new Requests();
  const stream = kit.service.handlers.streamGifts(requests) as AsyncIterableIterator<
    interaction.StreamGiftsResponse,
    undefined
  >;
  return { requests, stream };
}

const gifts = (kit: Kit, count: number): interaction.SendGiftRequest[] =>
  Array.from({ length: count }, () => kit.gift());
const resultsOf = (tap: Tap<interaction.StreamGiftsResponse>): interaction.GiftResult[] =>
  tap.seen.flatMap(({ results }) => results);

describe('StreamGifts', () => {
  it('answers every gift as SendGift would, those of a batch together', async () => {
    const kit = newKit();
    const { requests, stream } = open(kit);
    const tap = new Tap(stream);
    const sent = gifts(kit, 5);
    requests.send(...sent);
    await kit.pass();
    expect(tap.seen).toHaveLength(1);
    expect(resultsOf(tap).map(({ eventId }) => eventId)).toEqual(sent.map(({ eventId }) => eventId));
    expect(resultsOf(tap)[4]?.result).toEqual({
      $case: 'ok',
      value: { eventId: sent[4]?.eventId, balance: 999_995n, coins: 1n, comboCount: 0, duplicate: false },
    });
    requests.end();
    await kit.pass();
    expect(tap).toMatchObject({ ended: true, error: undefined });
    expect(kit.service.stats().giftStreams).toBe(0);
  });

  it('answers a bad gift in its place and goes on', async () => {
    const kit = newKit();
    const { requests, stream } = open(kit);
    const tap = new Tap(stream);
    requests.send(
      kit.gift({ count: 0, eventId: 'bad' }),
      kit.gift(),
      kit.gift({ viewerId: 77n }),
      kit.gift({ roomId: 5_000n }),
    );
    requests.end();
    await kit.pass();
    const errors = resultsOf(tap).map(({ eventId, result }) =>
      result?.$case === 'error' ? { eventId, ...result.value } : 'ok',
    );
    expect(errors).toHaveLength(4);
    expect(errors).toContain('ok');
    expect(errors).toContainEqual(
      expect.objectContaining({
        eventId: 'bad',
        code: 3,
        reason: 'INVALID_REQUEST',
        errCode: 10_000,
        fieldViolations: [
          { field: 'event_id', description: expect.any(String) },
          { field: 'count', description: 'must be at least 1' },
        ],
      }),
    );
    expect(errors).toContainEqual(
      expect.objectContaining({ code: 9, reason: 'INSUFFICIENT_BALANCE', errCode: 20_001 }),
    );
    expect(errors).toContainEqual(expect.objectContaining({ code: 5, reason: 'ROOM_NOT_FOUND', errCode: 10_002 }));
    expect(tap).toMatchObject({ ended: true, error: undefined });
  });

  it('gives all answers after the client has closed its side', async () => {
    const kit = newKit({ batchMax: 10, batchesInFlightMax: 1 });
    const gate = deferred<void>();
    kit.station.gate = gate.promise;
    const { requests, stream } = open(kit);
    const tap = new Tap(stream);
    requests.send(...gifts(kit, 35));
    requests.end();
    await kit.pass();
    expect(tap).toMatchObject({ seen: [], ended: false });
    gate.resolve();
    await kit.pass();
    expect(resultsOf(tap)).toHaveLength(35);
    expect(tap).toMatchObject({ ended: true, error: undefined });
  });

  it.each([0, 513])('ends with an error at a message of %i gifts, after the answers to those before', async (size) => {
    const kit = newKit();
    const { requests, stream } = open(kit);
    const tap = new Tap(stream);
    requests.send(kit.gift());
    requests.send(...gifts(kit, size));
    requests.send(kit.gift());
    await kit.pass();
    expect(resultsOf(tap)).toHaveLength(1);
    expect(tap.error).toMatchObject({
      code: StatusCode.INVALID_ARGUMENT,
      reason: 'STREAM_MESSAGE_SIZE',
      fieldViolations: [{ field: 'gifts', description: `must have 1 to 512 gifts, has ${size}` }],
    });
    expect(kit.station.balances.get(HOST)).toBe(1n);
    expect(requests.returned).toBe(true);
  });

  it('takes a message of 512 gifts', async () => {
    const kit = newKit();
    const { requests, stream } = open(kit);
    const tap = new Tap(stream);
    requests.send(...gifts(kit, 512));
    await kit.pass();
    expect(resultsOf(tap)).toHaveLength(512);
  });

  it('does not read on while too many gifts are unanswered', async () => {
    const kit = newKit({ streamMessageMax: 4, streamInFlightMax: 10 });
    const gate = deferred<void>();
    kit.station.gate = gate.promise;
    const { requests, stream } = open(kit);
    const tap = new Tap(stream);
    for (let message = 0; message < 6; message += 1) requests.send(...gifts(kit, 4));
    requests.end();
    await kit.pass();
    // Two messages are under way, the third is read and waits for room.
    expect(requests.read).toBe(3);
    expect(kit.station.requests.flatMap(({ events }) => events)).toHaveLength(8);
    gate.resolve();
    await kit.pass();
    expect(resultsOf(tap)).toHaveLength(24);
    expect(tap.ended).toBe(true);
  });

  it('does not read on for a client that takes no answers', async () => {
    const kit = newKit({ streamMessageMax: 4, streamInFlightMax: 10 });
    const { requests, stream } = open(kit);
    for (let message = 0; message < 6; message += 1) requests.send(...gifts(kit, 4));
    requests.end();
    const first = await stream.next();
    await kit.pass();
    expect(first.value?.results).toHaveLength(4);
    expect(requests.read).toBeLessThanOrEqual(4);
    const tap = new Tap(stream);
    await kit.pass();
    expect(resultsOf(tap)).toHaveLength(20);
    expect(tap.ended).toBe(true);
  });

  it('drains: answers what it has read, and ends with UNAVAILABLE', async () => {
    const kit = newKit();
    const gate = deferred<void>();
    kit.station.gate = gate.promise;
    const { requests, stream } = open(kit);
    const tap = new Tap(stream);
    requests.send(...gifts(kit, 3));
    await kit.pass();
    kit.service.drain();
    requests.send(...gifts(kit, 3));
    await kit.pass();
    expect(tap.ended).toBe(false);
    gate.resolve();
    await kit.pass();
    expect(resultsOf(tap)).toHaveLength(3);
    expect(tap.error).toMatchObject({ code: StatusCode.UNAVAILABLE, reason: 'SHUTTING_DOWN' });
    expect(kit.station.balances.get(VIEWER)).toBe(999_997n);
    expect(requests.returned).toBe(true);
    await expect(kit.service.handlers.sendGift(kit.gift())).rejects.toMatchObject({ reason: 'SHUTTING_DOWN' });
  });

  it('stops reading when the client goes away, and decides what it has taken', async () => {
    const kit = newKit();
    const gate = deferred<void>();
    kit.station.gate = gate.promise;
    const { requests, stream } = open(kit);
    const first = stream.next();
    requests.send(...gifts(kit, 3));
    await kit.pass();
    await stream.return?.();
    expect(await first).toEqual({ value: undefined, done: true });
    requests.send(...gifts(kit, 3));
    gate.resolve();
    await kit.pass();
    expect(requests.returned).toBe(true);
    expect(kit.station.balances.get(VIEWER)).toBe(999_997n);
    expect(kit.service.stats().giftStreams).toBe(0);
    expect(await stream.next()).toEqual({ value: undefined, done: true });
  });

  it('ends with the error of a broken stream, after the answers', async () => {
    const kit = newKit();
    const { requests, stream } = open(kit);
    const tap = new Tap(stream);
    requests.send(kit.gift());
    requests.end(new Error('reset'));
    await kit.pass();
    expect(resultsOf(tap)).toHaveLength(1);
    expect(tap.error).toMatchObject({ code: StatusCode.CANCELLED, message: 'reset' });
  });
});
