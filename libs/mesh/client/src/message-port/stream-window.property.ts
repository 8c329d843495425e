import fc from 'fast-check';
import { STREAM_WINDOW } from './frames';
import { StreamCredit, StreamInbox } from './stream-window';

const message = (index: number): Uint8Array => Uint8Array.of(index >> 8, index & 255);
const numberOf = (bytes: Uint8Array): number => ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);

describe('the two ends of a stream', () => {
  it('deliver everything in order, with never more on the way than the window, whoever is faster', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(500),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 50 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 50 }),
        async (count, senderPauses, readerPauses) => {
          const credit = new StreamCredit();
          const inbox = new StreamInbox(numberOf, (granted) => credit.add(granted));
          let sent = 0;
          let read = 0;
          const pause = async (pauses: boolean[], step: number): Promise<void> => {
            if (pauses[step % pauses.length]) for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
          };
          const send = async (): Promise<void> => {
            for (; sent < count; sent += 1) {
              await pause(senderPauses, sent);
              expect(await credit.take()).toBe(true);
              expect(inbox.push(message(sent))).toBe(true);
              expect(sent - read).toBeLessThan(STREAM_WINDOW);
            }
            inbox.end();
          };
          const receive = async (): Promise<number[]> => {
            const values: number[] = [];
            for await (const value of inbox) {
              values.push(value);
              read += 1;
              await pause(readerPauses, read);
            }
            return values;
          };
          const [values] = await Promise.all([receive(), send()]);
          expect(values).toEqual(Array.from({ length: count }, (_, index) => index));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('refuse the message after the last that the window holds', () => {
    const inbox = new StreamInbox(numberOf, () => undefined);
    for (let index = 0; index < STREAM_WINDOW; index += 1) expect(inbox.push(message(index))).toBe(true);
    expect(inbox.push(message(STREAM_WINDOW))).toBe(false);
  });

  it('let nobody wait for credit once the stream is over', async () => {
    const credit = new StreamCredit();
    for (let index = 0; index < STREAM_WINDOW; index += 1) await credit.take();
    const waiting = credit.take();
    credit.stop();
    expect([await waiting, await credit.take()]).toEqual([false, false]);
  });

  it('give what had arrived before a bad end, but not after a failure', async () => {
    const inbox = new StreamInbox(numberOf, () => undefined);
    inbox.push(message(7));
    inbox.end(new Error('end'));
    expect((await inbox.next()).value).toBe(7);
    await expect(inbox.next()).rejects.toThrow('end');
    const failed = new StreamInbox(numberOf, () => undefined);
    failed.push(message(7));
    const waiting = failed.next();
    failed.fail(new Error('failed'));
    expect((await waiting).value).toBe(7);
    await expect(failed.next()).rejects.toThrow('failed');
  });
});
