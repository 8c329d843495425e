import { LedgerRejectError } from '@giftmesh/domain-money';
import { createPaymentDa } from './index';
import { observePaymentDa } from './da-metrics';
import { gift, numberOf, setUp, SHARDS } from './settler-test-kit';

describe('observePaymentDa', () => {
  it('counts what was parked and what stands, by reason, while all else is settled', async () => {
    const { append, applied, clock, codec, ledger, log } = setUp();
    ledger.trouble = (slices) =>
      slices.some(({ entries }) => entries.map(numberOf).includes(4)) ? new LedgerRejectError('no room') : undefined;
    jest.spyOn(ledger, 'replayDeadLetter').mockRejectedValue(new LedgerRejectError('no room'));
    const notices = { publish: async () => undefined, subscribe: () => async () => undefined };
    const da = createPaymentDa({ clock, log, codec, ledger, notices, shards: SHARDS });
    const found = new Map<string, number>();
    const observers: (() => void)[] = [];
    const observe = (
      { name }: { name: string },
      tell: (report: (labels: readonly string[], value: number) => void) => void,
    ) => void observers.push(() => tell(([reason], value) => found.set([name, reason].join(' ').trim(), value)));
    observePaymentDa(da, { gauge: observe, observedCounter: observe });
    const counts = () => {
      observers.forEach((look) => look());
      return Object.fromEntries(found);
    };
    const none = { unreadable: 0, malformed: 0, rejected: 0 };
    const named = (name: string, kinds: Record<string, number>) =>
      Object.fromEntries(Object.entries(kinds).map(([kind, value]) => [`da.dead_letters.${name} ${kind}`, value]));
    expect(counts()).toEqual({ ...named('parked', none), ...named('waiting', none) });

    await append(
      gift(1),
      gift(2, { isUnreadable: true }),
      gift(3, { isMalformed: true }),
      gift(4),
      gift(5, { isUnreadable: true }),
      gift(6),
    );
    da.start();
    await clock.advanceAsync(6_000);
    expect(applied()).toEqual([1, 6]);
    const parked = { unreadable: 2, malformed: 1, rejected: 1 };
    expect(counts()).toEqual({ ...named('parked', parked), ...named('waiting', parked), 'da.log.lag': 0 });

    const letters = await ledger.deadLetters(9);
    for (const { id } of letters.slice(0, 2))
      await ledger.dropDeadLetter(id, { by: 'x', why: 'y', decided: undefined });
    await clock.advanceAsync(2_000);
    expect(counts()).toMatchObject(named('parked', parked));
    const waiting = Object.entries(counts()).filter(([name]) => name.includes('waiting'));
    expect(waiting.reduce((sum, [, value]) => sum + value, 0)).toBe(2);
    await da.close();
  });
});
