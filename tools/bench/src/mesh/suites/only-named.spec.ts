import { UsageError } from '../../options';
import { onlyNamed } from './only-named';

describe('onlyNamed', () => {
  const all = [{ name: 'dagor.plain' }, { name: 'dagor.ours' }, { name: 'codel.plain' }];

  it.each([
    [undefined, ['dagor.plain', 'dagor.ours', 'codel.plain']],
    ['dagor', ['dagor.plain', 'dagor.ours']],
    ['plain', ['dagor.plain', 'codel.plain']],
  ])('chooses by %s', (text, names) => {
    expect(onlyNamed(all, text).map(({ name }) => name)).toEqual(names);
  });

  it('says what there is when nothing is left', () => {
    expect(() => onlyNamed(all, 'vegas')).toThrow(UsageError);
    expect(() => onlyNamed(all, 'vegas')).toThrow('codel.plain');
  });
});
