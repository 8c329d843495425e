import { Metadata } from '@grpc/grpc-js';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { fromGrpcError } from './from-grpc-error';
import { encodeStatus } from './google-rpc';
import {
  STATUS_DETAILS_BYTES_MAX,
  STATUS_DETAILS_HEADER,
  STATUS_MESSAGE_CHARACTERS_MAX,
  toGrpcStatus,
} from './to-grpc-status';
import { toStatusError } from './to-status-error';

const domain = 'shop.test';
const bytesOf = (metadata: Metadata): Buffer => metadata.get(STATUS_DETAILS_HEADER)[0] as Buffer;

/** Things that code throws, on purpose or not. */
const thrown: [string, () => unknown][] = [
  ['undefined', () => undefined],
  ['null', () => null],
  ['a string', () => 'secret'],
  ['a number', () => 42],
  ['a symbol', () => Symbol('secret')],
  ['an Error', () => new Error('secret')],
  ['an object', () => ({ code: 5, details: 'secret', message: 'secret' })],
  [
    'an object with throwing getters',
    () => ({
      get message() {
        throw new Error('secret');
      },
      get code() {
        throw new Error('secret');
      },
    }),
  ],
  [
    'a proxy that throws whatever is done with it',
    () =>
      new Proxy(
        {},
        new Proxy(
          {},
          {
            get: () => () => {
              throw new Error('secret');
            },
          },
        ),
      ),
  ],
  ['an object without prototype', () => Object.create(null) as unknown],
  ['a StatusError with code OK', () => new StatusError({ code: StatusCode.OK, reason: 'FINE', message: 'secret' })],
];

describe('toGrpcStatus', () => {
  it.each(thrown)('makes INTERNAL of %s, tells the hook, and leaks nothing', (_name, make) => {
    const value = make();
    const told: unknown[] = [];
    const status = toGrpcStatus(value, { domain, onInternalError: (internal) => told.push(internal) });
    expect([status.code, status.details]).toEqual([StatusCode.INTERNAL, 'internal error']);
    expect(told.length).toBe(1);
    expect(Object.is(told[0], value)).toBe(true);
    expect(bytesOf(status.metadata).toString('latin1')).not.toContain('secret');
    expect(fromGrpcError(status).reason).toBe('INTERNAL');
  });

  it('survives a hook that throws', () => {
    const onInternalError = (): never => {
      throw new Error('hook');
    };
    expect(toGrpcStatus(new Error('x'), { domain, onInternalError }).code).toBe(StatusCode.INTERNAL);
  });

  it('survives a StatusError whose fields throw', () => {
    class Evil extends StatusError {
      override get message(): string {
        throw new Error('secret');
      }
      override set message(_value: string) {}
    }
    const evil = Object.create(Evil.prototype) as Evil;
    expect(toGrpcStatus(evil, { domain })).toMatchObject({ code: StatusCode.INTERNAL, details: 'internal error' });
  });

  it('carries code, message, reason, metadata, violations and retry delay there and back', () => {
    const error = new StatusError({
      code: StatusCode.INVALID_ARGUMENT,
      message: 'nicht möglich: 100 %',
      reason: 'BAD_ORDER',
      metadata: { errCode: '10001', __proto__x: 'y', empty: '' },
      fieldViolations: [
        { field: 'items[2].id', description: 'unknown' },
        { field: '', description: '' },
      ],
      retryDelayMs: 1_234.567,
      cause: new Error('not for others'),
    });
    const back = fromGrpcError(toGrpcStatus(error, { domain }));
    expect({ ...back, message: back.message }).toEqual({ ...error, message: error.message });
  });

  it('keeps a metadata key __proto__ a key', () => {
    const metadata = Object.fromEntries([['__proto__', 'x']]) as Record<string, string>;
    const back = fromGrpcError(
      toGrpcStatus(new StatusError({ code: StatusCode.ABORTED, message: '', reason: 'R', metadata }), { domain }),
    );
    expect(Object.entries(back.metadata)).toEqual([['__proto__', 'x']]);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it('writes the bytes that others read: google.rpc.Status with Any details', () => {
    const status = toGrpcStatus(
      new StatusError({ code: StatusCode.NOT_FOUND, message: 'no', reason: 'NO_ITEM', metadata: { k: 'v' } }),
      { domain: 'd' },
    );
    const type = 'type.googleapis.com/google.rpc.ErrorInfo';
    const info = [0x0a, 7, ...Buffer.from('NO_ITEM'), 0x12, 1, 0x64, 0x1a, 6, 0x0a, 1, 0x6b, 0x12, 1, 0x76];
    const any = [0x0a, type.length, ...Buffer.from(type), 0x12, info.length, ...info];
    expect([...bytesOf(status.metadata)]).toEqual([0x08, 5, 0x12, 2, 0x6e, 0x6f, 0x1a, any.length, ...any]);
  });

  it('mends half surrogate pairs, which grpc-js cannot send, and cuts long messages', () => {
    const status = toGrpcStatus(new StatusError({ code: StatusCode.ABORTED, message: 'a\ud800b', reason: 'R' }), {
      domain,
    });
    expect(status.details).toBe('a\ufffdb');
    expect(() => encodeURI(status.details)).not.toThrow();
    const long = new StatusError({ code: StatusCode.ABORTED, message: '\u{1f381}'.repeat(1_000), reason: 'R' });
    const { details } = toGrpcStatus(long, { domain });
    expect(details.length).toBeLessThanOrEqual(STATUS_MESSAGE_CHARACTERS_MAX);
    expect(() => encodeURI(details)).not.toThrow();
  });

  it('cuts violations, then metadata, so that the details fit into a trailer', () => {
    const fieldViolations = Array.from({ length: 5_000 }, (_, index) => ({ field: `f${index}`, description: 'bad' }));
    const many = toGrpcStatus(
      new StatusError({ code: StatusCode.INVALID_ARGUMENT, message: '', reason: 'R', fieldViolations }),
      { domain },
    );
    expect(bytesOf(many.metadata).length).toBeLessThanOrEqual(STATUS_DETAILS_BYTES_MAX);
    const kept = fromGrpcError(many).fieldViolations;
    expect(kept.length).toBeGreaterThan(50);
    expect(kept).toEqual(fieldViolations.slice(0, kept.length));

    const metadata = { big: 'x'.repeat(STATUS_DETAILS_BYTES_MAX) };
    const big = toGrpcStatus(new StatusError({ code: StatusCode.ABORTED, message: '', reason: 'R', metadata }), {
      domain,
    });
    expect(fromGrpcError(big)).toMatchObject({ reason: 'R', metadata: {} });

    const reason = 'R'.repeat(STATUS_DETAILS_BYTES_MAX);
    const huge = toGrpcStatus(new StatusError({ code: StatusCode.ABORTED, message: 'm', reason }), { domain });
    expect(bytesOf(huge.metadata)).toBeUndefined();
    expect(huge).toMatchObject({ code: StatusCode.ABORTED, details: 'm' });
  });

  it('keeps codes within gRPC', () => {
    const status = toGrpcStatus(new StatusError({ code: 99 as never, message: '', reason: 'R' }), { domain });
    expect([status.code, fromGrpcError(status).reason]).toEqual([StatusCode.INTERNAL, 'R']);
  });
});

describe('fromGrpcError', () => {
  it('takes the name of the code for a reason where there are no details', () => {
    expect(fromGrpcError({ code: 14, details: 'no connection' })).toMatchObject({
      code: StatusCode.UNAVAILABLE,
      reason: 'UNAVAILABLE',
      message: 'no connection',
      metadata: {},
      fieldViolations: [],
      retryDelayMs: undefined,
    });
  });

  it.each([undefined, 0, 17, -1, 1.5, NaN])('makes UNKNOWN of code %s', (code) => {
    expect(fromGrpcError({ code: code as never, details: 'x' }).code).toBe(StatusCode.UNKNOWN);
  });

  it('ignores details that belong to another code', () => {
    const metadata = new Metadata();
    const errorInfo = { reason: 'OTHER', domain, metadata: {} };
    metadata.set(STATUS_DETAILS_HEADER, Buffer.from(encodeStatus({ code: 5, message: '', details: { errorInfo } })));
    expect(fromGrpcError({ code: 9, details: '', metadata }).reason).toBe('FAILED_PRECONDITION');
  });

  it('ignores a retry delay that is no time', () => {
    const metadata = new Metadata();
    metadata.set(
      STATUS_DETAILS_HEADER,
      Buffer.from(encodeStatus({ code: 14, message: '', details: { retryDelayMs: -5 } })),
    );
    expect(fromGrpcError({ code: 14, details: '', metadata }).retryDelayMs).toBeUndefined();
  });
});

describe('toStatusError', () => {
  it('leaves a StatusError what it is, and keeps anything else as the cause', () => {
    const error = new StatusError({ code: StatusCode.ABORTED, message: '', reason: 'R' });
    expect(toStatusError(error)).toBe(error);
    const cause = new Error('x');
    expect(toStatusError(cause).cause).toBe(cause);
  });
});
