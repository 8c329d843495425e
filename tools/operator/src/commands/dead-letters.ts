import { EXIT, ExitError } from '@giftmesh/adapter-process';
import { deadLetterState, type DeadLetter } from '@giftmesh/domain-money';
import { EX_NOINPUT } from '../files/data-folder';
import type { Awaitable, LedgerLook, OperatorStores } from '../stores';
import { table } from '../terminal/table';
import { EXIT_SOMETHING, type Answer } from './answer';
import { contentText, decidedIn, eventOf, retryText } from './letter-text';

/** Dead letters of one answer. */
export const LETTERS_MAX = 1_000;
/** Letters among which one is looked for by its id. */
const SEARCHED_MAX = 100_000;

/** Lists what the ledger has parked; the exit code is 1 when there is something. */
export async function listDeadLetters(stores: OperatorStores, nowMs: number, answer: Answer): Promise<number> {
  const letters = await reading(stores, (ledger) => ledger.deadLetters(LETTERS_MAX));
  answer(
    {
      deadLetters: letters.map((letter) => ({
        ...shown(letter),
        retry: deadLetterState(letter.parkedAtMs, nowMs),
      })),
    },
    () =>
      letters.length === 0
        ? `No dead letters in ${stores.name}.`
        : table({
            head: ['id', 'partition', 'offset', 'parked at', 'user', 'event', 'reason', 'next try'],
            rows: letters.map((letter) => [...placeOf(letter), letter.reason, retryText(letter.parkedAtMs, nowMs)]),
          }),
  );
  return letters.length === 0 ? EXIT.OK : EXIT_SOMETHING;
}

/** Lists what was dropped, with who did it and why. */
export async function listDroppedLetters(stores: OperatorStores, answer: Answer): Promise<number> {
  const letters = await reading(stores, (ledger) => ledger.droppedLetters(LETTERS_MAX));
  answer({ dropped: letters.map((letter) => shown(letter)) }, () =>
    letters.length === 0
      ? `Nothing was dropped in ${stores.name}.`
      : table({
          head: ['id', 'partition', 'offset', 'parked at', 'user', 'event', 'reason', 'dropped at', 'by', 'why'],
          rows: letters.map((letter) => [
            ...placeOf(letter),
            letter.reason,
            new Date(letter.droppedAtMs).toISOString(),
            letter.by,
            letter.why,
          ]),
        }),
  );
  return EXIT.OK;
}

/** Shows one letter with all that can be read of it. */
export async function showDeadLetter(
  stores: OperatorStores,
  id: number,
  nowMs: number,
  answer: Answer,
): Promise<number> {
  const letter = findLetter(await reading(stores, (ledger) => ledger.deadLetters(SEARCHED_MAX)), id, stores);
  const decided = decidedIn(letter);
  answer({ ...shown(letter), retry: deadLetterState(letter.parkedAtMs, nowMs), decided: decided ?? null }, () => {
    const payload = Buffer.from(letter.payload);
    const rows = [
      ['letter', String(letter.id)],
      ['stood at', `partition ${letter.partition}, offset ${letter.offset}`],
      ['parked at', new Date(letter.parkedAtMs).toISOString()],
      ['reason', letter.reason],
      ['next try', retryText(letter.parkedAtMs, nowMs)],
      ['payload', `${payload.byteLength} bytes (--json has them)`],
    ];
    if (decided === undefined) return [table({ rows }), `Holds: ${contentText(letter)}.`].join('\n');
    const { event, outcome, opUserBalance, seq, generation, decidedAtMs } = decided;
    rows.push(
      ['event', event.eventId],
      ['what', `${event.eventType} of ${event.quantity} x ${event.objId}, ${event.bizType} ${event.bizId}`],
      ['answered', `${outcome}, balance ${opUserBalance}, at ${new Date(decidedAtMs).toISOString()}`],
      ['debit', `number ${seq}, generation ${generation}`],
      ['payer', `${event.opUserId}: ${event.opUserChange.incr} ${event.opUserChange.assetType}`],
      ...event.toUserChanges.map(({ userId, incr, assetType }) => ['payee', `${userId}: ${incr} ${assetType}`]),
    );
    return table({ rows });
  });
  return EXIT.OK;
}

/** The letter with this id. Throws ExitError when there is none. */
export function findLetter(letters: readonly DeadLetter[], id: number, { name }: OperatorStores): DeadLetter {
  const letter = letters.find((one) => one.id === id);
  if (letter === undefined)
    throw new ExitError(`there is no dead letter ${id} in ${name} (see: dlq list, dlq list --dropped)`, EX_NOINPUT);
  return letter;
}

async function reading<T>(stores: OperatorStores, read: (ledger: LedgerLook) => Awaitable<T>): Promise<T> {
  const books = await stores.openBooks();
  try {
    return await read(books.ledger);
  } finally {
    await books.close();
  }
}

function placeOf(letter: DeadLetter): string[] {
  const { id, partition, offset, parkedAtMs } = letter;
  const { opUserId } = eventOf(letter);
  return [
    ...[id, partition, offset].map(String),
    new Date(parkedAtMs).toISOString(),
    opUserId === undefined ? '-' : String(opUserId),
    contentText(letter),
  ];
}

/** A letter as JSON has it: its fences by shard. */
function shown<L extends DeadLetter>(letter: L) {
  return { ...letter, ...eventOf(letter), fences: Object.fromEntries(letter.fences) };
}
