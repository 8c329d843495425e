import { interaction } from '@giftmesh/contract';
import { forEachGiftOutcome, type GiftOutcome } from './gift-results';

const eventId = (number: number): string => `01900000-0000-7000-8000-0000${number.toString(16).padStart(8, '0')}`;

describe('forEachGiftOutcome', () => {
  it('tells accepted gifts from refused ones, by the number in their event id', () => {
    const ok: interaction.SendGiftResponse = {
      eventId: eventId(7),
      balance: 2n ** 52n,
      coins: 5n,
      comboCount: 0,
      duplicate: false,
    };
    const error = {
      code: 9,
      message: 'm',
      reason: 'INSUFFICIENT_BALANCE',
      errCode: 20_001,
      fieldViolations: [],
      retryDelayMs: 0n,
    };
    const message = interaction.StreamGiftsResponse.encode({
      results: [
        { eventId: eventId(7), result: { $case: 'ok', value: ok } },
        { eventId: eventId(0xabcdef12), result: { $case: 'error', value: error } },
        { eventId: eventId(9), result: undefined },
      ],
    }).finish();
    const outcomes: GiftOutcome[] = [];
    forEachGiftOutcome(Buffer.from(message), (outcome) => outcomes.push(outcome));
    expect(outcomes).toMatchObject([
      { number: 7, error: undefined },
      { number: 0xabcdef12, error: { code: 9, reason: 'INSUFFICIENT_BALANCE' } },
      { number: 9, error: { reason: 'NO_RESULT' } },
    ]);
  });

  it('refuses bytes that are cut off', () => {
    const message = Buffer.from([0x0a, 0x05, 0x0a]);
    expect(() => forEachGiftOutcome(message, () => undefined)).toThrow('cut off');
  });
});
