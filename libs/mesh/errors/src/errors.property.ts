import { Metadata } from '@grpc/grpc-js';
import fc from 'fast-check';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { fromGrpcError } from './from-grpc-error';
import { STATUS_DETAILS_HEADER, toGrpcStatus } from './to-grpc-status';

const text = fc.string({ unit: 'grapheme', maxLength: 20 });

describe('errors', () => {
  it('come back as they went', () => {
    const errors = fc.record({
      code: fc.constantFrom(...Object.values(StatusCode).filter((code) => code !== StatusCode.OK)),
      message: text,
      reason: fc.stringMatching(/^[A-Z][A-Z0-9_]{0,30}$/),
      metadata: fc.dictionary(text, text, { maxKeys: 4 }),
      fieldViolations: fc.array(fc.record({ field: text, description: text }), { maxLength: 4 }),
      retryDelayMs: fc.nat(1e9).map((micros) => micros / 1_000),
    });
    fc.assert(
      fc.property(errors, (options) => {
        const error = new StatusError(options);
        const back = fromGrpcError(toGrpcStatus(error, { domain: 'd' }));
        expect(back.code).toBe(error.code);
        expect(back.message).toBe(error.message);
        expect(back.reason).toBe(error.reason);
        expect(Object.entries(back.metadata).sort()).toEqual(Object.entries(error.metadata).sort());
        expect(back.fieldViolations).toEqual(error.fieldViolations);
        expect(back.retryDelayMs).toBeCloseTo(options.retryDelayMs, 5);
      }),
    );
  });

  it('survive any details that another server may send', () => {
    const good = toGrpcStatus(
      new StatusError({
        code: 3,
        message: 'm',
        reason: 'REASON',
        metadata: { a: 'b' },
        fieldViolations: [{ field: 'f', description: 'd' }],
        retryDelayMs: 5,
      }),
      { domain: 'd' },
    ).metadata.get(STATUS_DETAILS_HEADER)[0] as Buffer;
    const mangled = fc
      .array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 })
      .map((edits) => {
        const bytes = Buffer.from(good);
        for (const [at, byte] of edits) bytes[at] = byte;
        return bytes;
      });
    const cut = fc.nat(good.length).map((length) => good.subarray(0, length));
    const noise = fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(mangled, cut, noise), (bytes) => {
        const metadata = new Metadata();
        metadata.set(STATUS_DETAILS_HEADER, bytes);
        const error = fromGrpcError({ code: 3, details: 'm', metadata });
        expect(error.code).toBe(3);
        expect(error.message).toBe('m');
        expect(error.reason.length).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });
});
