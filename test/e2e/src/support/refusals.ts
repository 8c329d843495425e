import { status } from '@grpc/grpc-js';
import { CallError } from '@giftmesh/test-harness';

/** Business codes of the service that refused. */
export const ERR_CODES = { interaction: [10_000, 19_999], payment: [20_000, 29_999] } as const;
export type Refuser = keyof typeof ERR_CODES;

/** The error that a call ends with; fails when it succeeds. */
export async function refusalOf(call: Promise<unknown>): Promise<CallError> {
  let answer: unknown;
  try {
    answer = await call;
  } catch (error) {
    if (error instanceof CallError) return error;
    throw error;
  }
  throw new Error(`was not refused but answered ${show(answer)}`);
}

/** What a refusal should say. */
export interface ExpectedRefusal {
  readonly by: Refuser;
  readonly code: status;
  readonly reason: string;
  /** Fields that are wrong, in order. Default none. */
  readonly fields?: readonly string[];
}

/** Checks status, ErrorInfo, the business code's range, and the field violations. */
export function expectRefusal(error: CallError, expected: ExpectedRefusal): void {
  expect({
    code: error.codeName,
    reason: error.reason,
    domain: error.domain,
    fields: error.fieldViolations.map(({ field }) => field),
  }).toEqual({
    code: status[expected.code],
    reason: expected.reason,
    domain: 'giftmesh',
    fields: expected.fields ?? [],
  });
  const [min, max] = ERR_CODES[expected.by];
  expect(error.errCode).toBeGreaterThanOrEqual(min);
  expect(error.errCode).toBeLessThanOrEqual(max);
  expect(error.details).not.toBe('');
  for (const { description } of error.fieldViolations) expect(description).not.toBe('');
}

/** Text of any message: JSON knows no bigint. */
export function show(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part)) ?? 'undefined';
}
