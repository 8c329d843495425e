import { mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { ConfigError } from '@giftmesh/kernel-config';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { BEHAVIOUR_BYTES_MAX, followBehaviourFile, type BehaviourFileOptions } from './index';

const folder = mkdtempSync(join(tmpdir(), 'giftmesh-behaviour-'));
const path = join(folder, 'behaviour.json');
afterAll(() => rmSync(folder, { recursive: true }));

/** Follows the file with everything noted; `limit` is all that `apply` takes. */
async function follow(options: Partial<BehaviourFileOptions> = {}) {
  const clock = new SimulatedClock();
  const notes = { applied: [] as unknown[], problems: [] as string[], changes: 0 };
  const stop = await followBehaviourFile({
    path,
    clock,
    apply: (behaviour) => {
      const { limit } = behaviour as { limit: number };
      if (!(limit >= 0)) throw new RangeError(`limit must be 0 or more, got ${limit}`);
      notes.applied.push(limit);
    },
    onChange: () => (notes.changes += 1),
    onProblem: (problem) => notes.problems.push(problem),
    ...options,
  });
  /** Lets a second pass, and waits for the end of the look: then the next one is due. */
  const look = async (): Promise<void> => {
    clock.advance(1_000);
    // Reading a file takes turns of the event loop, not time of the clock.
    while (clock.pendingTimers === 0) await setImmediate();
  };
  return { notes, look, stop, clock };
}
const write = (text: string): void => writeFileSync(path, text);
const limitOf = (limit: number): string => JSON.stringify({ limit });

describe('followBehaviourFile', () => {
  it('puts the file in force before it resolves, and edits at the next look, each once', async () => {
    write(limitOf(1));
    const { notes, look, stop } = await follow();
    expect(notes).toEqual({ applied: [1], problems: [], changes: 0 });
    await look();
    expect(notes.applied).toEqual([1]);
    write(limitOf(2));
    await look();
    await look();
    expect(notes).toEqual({ applied: [1, 2], problems: [], changes: 1 });
    // Replaced, as a ConfigMap is.
    writeFileSync(`${path}.new`, limitOf(3));
    renameSync(`${path}.new`, path);
    await look();
    expect(notes).toEqual({ applied: [1, 2, 3], problems: [], changes: 2 });
    stop();
  });

  it.each([
    ['{', 'JSON'],
    ['', 'JSON'],
    [limitOf(-1), 'limit must be 0 or more, got -1'],
    [
      ' '.repeat(BEHAVIOUR_BYTES_MAX + 1),
      `must be at most ${BEHAVIOUR_BYTES_MAX} bytes, is ${BEHAVIOUR_BYTES_MAX + 1}`,
    ],
  ])(
    'keeps the old behaviour when an edit is wrong, tells so once, and takes the next right one',
    async (text, problem) => {
      write(limitOf(1));
      const { notes, look, stop } = await follow();
      write(text);
      for (let looks = 0; looks < 3; looks += 1) await look();
      expect(notes).toMatchObject({ applied: [1], changes: 0 });
      expect(notes.problems).toHaveLength(1);
      expect(notes.problems[0]).toContain(`behaviour file ${path}: `);
      expect(notes.problems[0]).toContain(problem);
      write(limitOf(2));
      await look();
      expect(notes).toMatchObject({ applied: [1, 2], changes: 1 });
      // The same mistake again is told again.
      write(text);
      await look();
      expect(notes.problems).toHaveLength(2);
      stop();
    },
  );

  it('keeps it when the file is gone, tells so once, and goes on when it is there again', async () => {
    write(limitOf(1));
    const { notes, look, stop } = await follow();
    unlinkSync(path);
    await look();
    await look();
    expect(notes).toMatchObject({ applied: [1], changes: 0 });
    expect(notes.problems).toEqual([expect.stringContaining('ENOENT')]);
    write(limitOf(2));
    await look();
    expect(notes).toMatchObject({ applied: [1, 2], changes: 1 });
    stop();
  });

  it('takes a file of the longest size', async () => {
    write(limitOf(7).padEnd(BEHAVIOUR_BYTES_MAX));
    const { notes, stop } = await follow();
    expect(notes.applied).toEqual([7]);
    stop();
  });

  it('looks no more when it is stopped', async () => {
    write(limitOf(1));
    const { notes, stop, clock } = await follow();
    expect(clock.pendingTimers).toBe(1);
    stop();
    expect(clock.pendingTimers).toBe(0);
    expect(notes.applied).toEqual([1]);
  });

  it('puts nothing in force when it is stopped during a look', async () => {
    write(limitOf(1));
    const { notes, stop, clock } = await follow();
    write(limitOf(2));
    clock.advance(1_000);
    stop();
    for (let turn = 0; turn < 1_000; turn += 1) await setImmediate();
    expect([notes.applied, clock.pendingTimers]).toEqual([[1], 0]);
  });

  it.each([
    ['no JSON', () => write('{'), 'JSON'],
    ['refused', () => write(limitOf(-2)), 'limit must be 0 or more, got -2'],
    ['not there', () => unlinkSync(path), 'ENOENT'],
    ['too long', () => write(' '.repeat(BEHAVIOUR_BYTES_MAX + 1)), 'must be at most'],
  ])('rejects when the file is %s at the beginning', async (_, spoil, problem) => {
    write(limitOf(1));
    spoil();
    const error: unknown = await follow().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).message).toContain(`behaviour file ${path}: `);
    expect((error as ConfigError).message).toContain(problem);
  });
});
