import { StatusCode, statusName } from './status-code';
import { StatusError } from './status-error';

describe('StatusError', () => {
  it('keeps its cause and shows code, reason and message', () => {
    const cause = new Error('disk');
    const error = new StatusError({ code: StatusCode.UNAVAILABLE, reason: 'LOG_AWAY', message: 'try again', cause });
    expect(error.cause).toBe(cause);
    expect(String(error)).toBe('UNAVAILABLE LOG_AWAY: try again');
    expect([error.metadata, error.fieldViolations, error.retryDelayMs]).toEqual([{}, [], undefined]);
  });

  it('names unknown codes by their number', () => {
    expect([statusName(0), statusName(16), statusName(99)]).toEqual(['OK', 'UNAUTHENTICATED', 'CODE_99']);
  });
});
