import { EXIT, ExitError, knownExitCode } from './exit-codes';

const named = (name: string, more: object = {}): Error => Object.assign(new Error('x'), { name, ...more });

describe('knownExitCode', () => {
  it.each([
    [new ExitError('x', 42), 42],
    [named('ListenError'), EXIT.UNAVAILABLE],
    [named('DataFileError', { problem: 'corrupt' }), EXIT.DATA],
    [named('DataFileError', { problem: 'foreign' }), EXIT.DATA],
    [named('DataFileError', { problem: 'too_new' }), EXIT.DATA],
    [named('DataFileError', { problem: 'locked' }), EXIT.LOCKED],
    [named('DataFileError', { problem: 'not_writable' }), EXIT.CANT_CREATE],
    [named('DataFileError', { problem: 'unheard of' }), undefined],
    [new Error('x'), undefined],
    ['x', undefined],
  ])('%s is %s', (error, code) => expect(knownExitCode(error)).toBe(code));
});
