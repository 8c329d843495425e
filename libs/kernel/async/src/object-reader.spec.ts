import { Readable } from 'node:stream';
import { ObjectReader } from './object-reader';

function reader(): { source: Readable; values: ObjectReader<number> } {
  const source = new Readable({ objectMode: true, read: () => undefined });
  source.on('error', () => undefined);
  return {
    source,
    values: new ObjectReader<number>(source, { decode: (n: number) => n * 2, cutOff: () => new Error('cut') }),
  };
}

describe('ObjectReader', () => {
  it('gives what arrives, before and after it was asked for, and then the end', async () => {
    const { source, values } = reader();
    source.push(1);
    const first = await values.next();
    const second = values.next();
    source.push(2);
    source.push(null);
    expect([first.value, (await second).value, (await values.next()).done]).toEqual([2, 4, true]);
  });

  it('keeps the order of several that wait', async () => {
    const { source, values } = reader();
    const waiting = [values.next(), values.next(), values.next()];
    for (const n of [1, 2, 3]) source.push(n);
    expect((await Promise.all(waiting)).map((result) => result.value as number)).toEqual([2, 4, 6]);
  });

  it('fails at once, or only after what had arrived', async () => {
    const atOnce = reader();
    atOnce.source.push(1);
    atOnce.values.fail(new Error('now'));
    await expect(atOnce.values.next()).rejects.toThrow('now');
    const later = reader();
    later.source.push(1);
    later.values.failAtEnd(new Error('later'));
    expect((await later.values.next()).value).toBe(2);
    await expect(later.values.next()).rejects.toThrow('later');
  });

  it('fails a waiting read when the source closes before its end', async () => {
    const { source, values } = reader();
    const waiting = values.next();
    source.destroy();
    await expect(waiting).rejects.toThrow('cut');
  });

  it('fails at its end when the failure comes right behind it', async () => {
    const source = Readable.from([], { objectMode: true });
    const values: ObjectReader<number> = new ObjectReader<number>(source, {
      decode: (n: number) => n,
      cutOff: () => new Error('cut'),
      beforeEnd: async () => values.fail(new Error('behind')),
    });
    await expect(values.next()).rejects.toThrow('behind');
  });

  it('fails the one read whose object cannot be decoded', async () => {
    const source = Readable.from([1, 2], { objectMode: true });
    const values = new ObjectReader<number>(source, {
      decode: (n: number) => {
        if (n === 1) throw new Error('bad');
        return n;
      },
      cutOff: () => new Error('cut'),
    });
    await expect(values.next()).rejects.toThrow('bad');
    expect((await values.next()).value).toBe(2);
  });
});
