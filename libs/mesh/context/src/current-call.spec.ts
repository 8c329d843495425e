import { setImmediate } from 'node:timers/promises';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { undeclaredPolicy } from '@giftmesh/mesh-policy';
import { CallContext } from './call-context';
import { contextKey } from './context-key';
import { currentCall, currentValue, runInCall, runOutsideCall, runWith } from './current-call';
import { service } from './handlers';
import { metadataOf } from './metadata';

const contextOf = (method: string): CallContext =>
  new CallContext({
    method,
    policy: undeclaredPolicy({ requestStream: false, responseStream: false }),
    clock: new SimulatedClock(),
  });

describe('runWith', () => {
  const [color, size] = [contextKey<string>('color'), contextKey<number>('size')];

  it('gives the running code a value, within its call and over awaits', async () => {
    await runInCall(contextOf('/a/b'), async () => {
      await runWith(color, 'red', async () => {
        await setImmediate();
        await runWith(size, 7, async () => {
          await setImmediate();
          expect([currentValue(color), currentValue(size), currentCall()?.method]).toEqual(['red', 7, '/a/b']);
          expect(runWith(color, 'blue', () => currentValue(color))).toBe('blue');
        });
        expect([currentValue(color), currentValue(size)]).toEqual(['red', undefined]);
      });
      expect([currentValue(color), currentCall()?.method]).toEqual([undefined, '/a/b']);
    });
  });

  it('ends where a call begins, or where none is left', () => {
    runWith(color, 'red', () => {
      expect([currentValue(color), currentCall()]).toEqual(['red', undefined]);
      runInCall(contextOf('/a/b'), () => expect(currentValue(color)).toBeUndefined());
      runOutsideCall(() => expect(currentValue(color)).toBeUndefined());
      expect(currentValue(color)).toBe('red');
    });
  });
});

describe('currentCall', () => {
  it('follows awaits, and keeps calls that run at the same time apart', async () => {
    const seen = async (context: CallContext): Promise<string | undefined> =>
      runInCall(context, async () => {
        await setImmediate();
        await Promise.resolve();
        return currentCall()?.method;
      });
    expect(await Promise.all(['/a/1', '/a/2', '/a/3'].map((method) => seen(contextOf(method))))).toEqual([
      '/a/1',
      '/a/2',
      '/a/3',
    ]);
    expect(currentCall()).toBeUndefined();
  });

  it('is the innermost call, and none inside runOutsideCall', () => {
    runInCall(contextOf('/a/outer'), () => {
      expect(runInCall(contextOf('/a/inner'), () => currentCall()?.method)).toBe('/a/inner');
      expect(runOutsideCall(() => currentCall())).toBeUndefined();
      expect(currentCall()?.method).toBe('/a/outer');
    });
  });

  it('is restored when what runs in the call throws', () => {
    const fail = (): never => {
      throw new Error('x');
    };
    expect(() => runInCall(contextOf('/a/1'), fail)).toThrow('x');
    expect(currentCall()).toBeUndefined();
  });
});

describe('service', () => {
  const codec = (bytes: Buffer): Buffer => bytes;
  const definition = {
    echo: {
      path: '/a.B/Echo',
      requestStream: false,
      responseStream: false,
      requestSerialize: codec,
      requestDeserialize: codec,
      responseSerialize: codec,
      responseDeserialize: codec,
    },
  } as const;

  it('binds the methods of an instance', async () => {
    class Impl {
      readonly #suffix = Buffer.from('!');
      echo(request: Buffer): Buffer {
        return Buffer.concat([request, this.#suffix]);
      }
    }
    const { handlers } = service(definition, new Impl());
    expect(String(await handlers['echo']?.(Buffer.from('hi')))).toBe('hi!');
  });

  it('refuses a service with a handler missing', () => {
    expect(() => service(definition, {} as never)).toThrow('no handler for /a.B/Echo');
  });
});

describe('metadataOf', () => {
  it('shows the entries of a map', () => {
    expect(metadataOf(new Map([['a', '1']])).get('a')).toBe('1');
    expect(metadataOf(new Map()).get('a')).toBeUndefined();
  });
});
