import { StartRefusedError, withoutPassword } from './start-refused-error';

class ShelfError extends StartRefusedError {
  override readonly name = 'ShelfError';
}

describe('StartRefusedError', () => {
  it('is known by those who know nothing of the library that throws it', () => {
    const cause = new Error('x');
    const error = new ShelfError('the shelf is full: empty it', 'shelf', { cause });
    expect(error).toBeInstanceOf(StartRefusedError);
    expect([String(error), error.subject, error.cause]).toEqual([
      'ShelfError: the shelf is full: empty it',
      'shelf',
      cause,
    ]);
  });
});

describe('withoutPassword', () => {
  it.each([
    ['redis://user:secret@host:1/0', 'redis://***@host:1/0'],
    ['redis://:se/c@r:et@host', 'redis://***@host'],
    ['a url: mysql://u:secret@host/db, no more', 'a url: mysql://***@host/db, no more'],
    ['redis://u:secret@a:1,redis://u:secret@b:2', 'redis://***@b:2'],
    ['redis://u:sec\nret@host', 'redis://***@host'],
    ['127.0.0.1:9092', '127.0.0.1:9092'],
  ])('%j is shown as %s', (text, shown) => expect(withoutPassword(text)).toBe(shown));
});
