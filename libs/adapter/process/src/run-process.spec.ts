import { z } from 'zod';
import { shape } from '@giftmesh/kernel-config';
import { EXIT, ExitError } from './exit-codes';
import { runProcess, type ProcessDefinition, type Running } from './run-process';
import { commonSettings } from './settings';

const settings = z.object({ ...commonSettings, GIFTMESH_TEST_PORT: shape.port(1) });
const before = { ...process.env };
let errors: jest.SpyInstance;

const definition = (start: () => Promise<Running>): ProcessDefinition<typeof settings> => ({
  name: 'test',
  settings,
  start,
});

beforeEach(() => {
  process.env['GIFTMESH_LOG_LEVEL'] = 'silent';
  errors = jest.spyOn(console, 'error').mockImplementation(() => undefined);
});

afterEach(() => {
  process.env = { ...before };
  errors.mockRestore();
});

describe('runProcess', () => {
  it('names a wrong setting, starts nothing, and ends with 78', async () => {
    process.env['GIFTMESH_TEST_PORT'] = '99999';
    const start = jest.fn();
    expect(await runProcess(definition(start))).toBe(EXIT.CONFIG);
    expect(start).not.toHaveBeenCalled();
    expect(errors.mock.calls.join()).toContain('GIFTMESH_TEST_PORT is "99999"');
  });

  it('ends with the code of an error that people can do something about, and says it', async () => {
    const start = () => Promise.reject(new ExitError('the folder is read-only', EXIT.CANT_CREATE));
    expect(await runProcess(definition(start))).toBe(EXIT.CANT_CREATE);
    expect(errors.mock.calls.join()).toContain('test: the folder is read-only');
  });

  it('ends with 70 for anything unforeseen', async () => {
    expect(await runProcess(definition(() => Promise.reject(new Error('x'))))).toBe(EXIT.SOFTWARE);
  });

  it('stops what runs on SIGTERM, and ends with 0', async () => {
    const stop = jest.fn().mockResolvedValue(undefined);
    const ended = runProcess(
      definition(async () => {
        setImmediate(() => process.emit('SIGTERM', 'SIGTERM'));
        return { stop };
      }),
    );
    expect(await ended).toBe(EXIT.OK);
    expect(stop).toHaveBeenCalledTimes(1);
  });

  it('stops what is done by itself, and ends with 0', async () => {
    const stop = jest.fn().mockResolvedValue(undefined);
    expect(await runProcess(definition(async () => ({ stop, done: Promise.resolve() })))).toBe(EXIT.OK);
    expect(stop).toHaveBeenCalledTimes(1);
  });

  describe('at a second signal', () => {
    let exits: jest.SpyInstance;
    beforeEach(() => {
      exits = jest.spyOn(process, 'exit').mockImplementation((() => undefined) as () => never);
    });
    afterEach(() => exits.mockRestore());

    it.each([
      ['SIGTERM', 'SIGTERM'],
      ['SIGTERM', 'SIGINT'],
      ['SIGINT', 'SIGTERM'],
    ] as const)('%s, then %s while it drains, exits with 70', async (first, second) => {
      let stopped: () => void = () => undefined;
      const ended = runProcess(
        definition(async () => {
          setImmediate(() => process.emit(first, first));
          return {
            stop: () => {
              setImmediate(() => {
                expect(exits).not.toHaveBeenCalled();
                process.emit(second, second);
                stopped();
              });
              return new Promise<void>((resolve) => (stopped = resolve));
            },
          };
        }),
      );
      await ended;
      expect(exits.mock.calls).toEqual([[EXIT.SOFTWARE]]);
    });

    it('exits with 70 while it starts, too; the first one waits for the start', async () => {
      const ended = runProcess(
        definition(async () => {
          process.emit('SIGINT', 'SIGINT');
          expect(exits).not.toHaveBeenCalled();
          process.emit('SIGTERM', 'SIGTERM');
          return { stop: () => Promise.resolve() };
        }),
      );
      expect(await ended).toBe(EXIT.OK);
      expect(exits.mock.calls).toEqual([[EXIT.SOFTWARE]]);
    });

    it('leaves no listener behind', async () => {
      const before = process.listenerCount('SIGTERM');
      await runProcess(definition(() => Promise.reject(new Error('x'))));
      expect(process.listenerCount('SIGTERM')).toBe(before);
    });
  });

  it('stops what is left when a part of it fails', async () => {
    const stop = jest.fn().mockResolvedValue(undefined);
    const failed = Promise.reject(new ExitError('a thread died', 71));
    expect(await runProcess(definition(async () => ({ stop, failed })))).toBe(71);
    expect(stop).toHaveBeenCalledTimes(1);
  });
});
