import fs from 'node:fs';
import { createLogger } from './logger';

/** What is written to stderr by `run`, as objects. */
function linesOf(run: () => void): Record<string, unknown>[] {
  const written: string[] = [];
  const spy = jest.spyOn(fs, 'writeSync').mockImplementation((_fd: number, text: unknown) => {
    written.push(String(text));
    return String(text).length;
  });
  try {
    run();
  } finally {
    spy.mockRestore();
  }
  return written.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('createLogger', () => {
  it('writes a JSON object a line, int64 values as text', () => {
    const [line] = linesOf(() => createLogger('test', 'info').info({ userId: 2n ** 60n }, 'paid'));
    expect(line).toMatchObject({ name: 'test', msg: 'paid', userId: '1152921504606846976' });
  });

  it('asks for further fields at each line, and only for lines that are written', () => {
    let asked = 0;
    const lines = linesOf(() => {
      const logger = createLogger('test', 'warn', () => ({ traceId: `t${(asked += 1)}` }));
      logger.info('not written');
      logger.warn({ more: 1 }, 'a');
      logger.warn('b');
    });
    expect([lines.map(({ msg, traceId, more }) => [msg, traceId, more]), asked]).toEqual([
      [
        ['a', 't1', 1],
        ['b', 't2', undefined],
      ],
      2,
    ]);
  });
});
