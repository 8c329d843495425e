import { StartRefusedError } from '@giftmesh/kernel-errors';
import { EXIT, ExitError, exitMessage, knownExitCode } from './exit-codes';

const named = (name: string, more: object = {}): Error => Object.assign(new Error('x'), { name, ...more });

describe('knownExitCode', () => {
  it.each([
    [new ExitError('x', 42), 42],
    [named('ListenError'), EXIT.UNAVAILABLE],
    [new StartRefusedError('x', 'redis'), EXIT.UNAVAILABLE],
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

describe('exitMessage', () => {
  it.each([
    ['redis', 'x\nSettings: GIFTMESH_REDIS_URL, GIFTMESH_SERVERS_WAIT_MS'],
    ['kafka', 'x\nSettings: GIFTMESH_KAFKA_BROKERS, GIFTMESH_SERVERS_WAIT_MS'],
    ['topic', 'x\nSettings: GIFTMESH_KAFKA_TOPIC, GIFTMESH_PARTITIONS'],
    ['mysql', 'x\nSettings: GIFTMESH_MYSQL_URL, GIFTMESH_MIGRATE, GIFTMESH_SERVERS_WAIT_MS'],
    ['layout', 'x\nSettings: GIFTMESH_SHARDS, GIFTMESH_PARTITIONS'],
    ['unheard of', 'x'],
  ])('names the settings of %s', (subject, said) => {
    expect(exitMessage(new StartRefusedError('x', subject))).toBe(said);
    expect(exitMessage(new ExitError('x', 1))).toBe('x');
  });
});
