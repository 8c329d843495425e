import { common } from '@giftmesh/contract';
import type { AssetRecord, Counters } from '@giftmesh/domain-money';
import { Oracle, type Books } from './oracle';

const { AssetType, BizType, EventOutcome, EventType } = common;

const gift: common.AssetEvent = {
  eventId: 'a',
  opUserId: 1n,
  eventType: EventType.INTERACT_GIFT,
  bizId: 1n,
  bizType: BizType.LIVE,
  objId: '1',
  opUserChange: { userId: 1n, assetType: AssetType.COIN, incr: -10n },
  toUserChanges: [{ userId: 2n, assetType: AssetType.COIN, incr: 10n }],
  quantity: 1,
  comboKey: '',
};
const answer = (outcome: common.EventOutcome, opUserBalance = 90n) => ({
  eventId: 'a',
  outcome,
  opUserBalance,
  duplicate: false,
  message: '',
});
const record = (
  eventId: string,
  userId: bigint,
  role: 'payer' | 'payee',
  incr: bigint,
  opUserId = 1n,
): AssetRecord => ({
  eventId,
  opUserId,
  userId,
  role,
  eventType: eventId === 'order' ? 'order_apple' : 'interact_gift',
  bizId: 1n,
  bizType: 'live',
  objId: '1',
  quantity: 1,
  assetType: 'coin',
  incr,
  counterpartUserId: 0n,
  balanceAfter: undefined,
  appliedAtMs: 0,
});
const account = (userId: bigint, credited: bigint, debited: bigint, seq: number): Counters => ({
  userId,
  assetType: 'coin',
  credited,
  reversed: 0n,
  debited,
  seq,
});
const accounts = [account(1n, 100n, 10n, 1), account(2n, 10n, 0n, 0)];
const good: Books = {
  records: [record('order', 1n, 'payee', 100n), record('a', 1n, 'payer', -10n), record('a', 2n, 'payee', 10n)],
  ledger: accounts,
  store: accounts,
  anomalies: [],
  holesAllowed: false,
};

function oracleWith(...answers: common.EventResult[]): Oracle {
  const oracle = new Oracle();
  oracle.intents.push({ event: gift, answers });
  oracle.recharges.push({
    order: {
      eventId: 'order',
      userId: 1n,
      eventType: EventType.ORDER_APPLE,
      orderId: 1n,
      outsideTransactionId: 'x',
      assetType: AssetType.COIN,
      amount: 100n,
    },
    acknowledged: true,
  });
  return oracle;
}

describe('Oracle', () => {
  const applied = answer(EventOutcome.APPLIED);

  it('is content with books that agree', () => {
    expect(oracleWith(applied, answer(EventOutcome.UNKNOWN, 0n), applied).verify(good)).toEqual([]);
  });

  it.each<[string, Oracle, Books, string]>([
    ['no answer', oracleWith(), good, 'was never decided'],
    ['two answers', oracleWith(applied, answer(EventOutcome.INSUFFICIENT_BALANCE)), good, 'was answered'],
    ['another balance', oracleWith(applied, answer(EventOutcome.APPLIED, 80n)), good, 'was answered'],
    ['a lost event', oracleWith(applied), { ...good, records: good.records.slice(0, 1) }, 'not on record: a/1/payer/1'],
    ['a lost leg', oracleWith(applied), { ...good, records: good.records.slice(0, 2) }, 'not on record: a/1/payee/2'],
    [
      'a doubled leg',
      oracleWith(applied),
      { ...good, records: [...good.records, record('a', 2n, 'payee', 10n)] },
      'stands twice',
    ],
    ['a refusal on record', oracleWith(answer(EventOutcome.INSUFFICIENT_BALANCE)), good, 'was never acknowledged'],
    [
      'another amount',
      oracleWith(applied),
      { ...good, records: [...good.records.slice(0, 2), record('a', 2n, 'payee', 11n)] },
      'says 11, not 10',
    ],
    [
      'a store that differs',
      oracleWith(applied),
      { ...good, store: [account(1n, 100n, 0n, 0), ...accounts.slice(1)] },
      'user 1: store +100 -0 -0 seq 0, ledger +100 -0 -10 seq 1',
    ],
    [
      'a hole in seq',
      oracleWith(applied),
      { ...good, ledger: [account(1n, 100n, 10n, 2), account(2n, 10n, 0n, 0)] },
      'seq is 2',
    ],
    ['an anomaly', oracleWith(applied), { ...good, anomalies: ['negative'] }, 'anomaly in the ledger: negative'],
  ])('sees %s', (_name, oracle, books, problem) => {
    expect(oracle.verify(books).join('\n')).toContain(problem);
  });
});
