import { undocumentedExports } from './undocumented-exports';

describe('undocumentedExports', () => {
  it('finds declarations without a docblock', () => {
    const source = [
      '/** Good. */',
      'export const good = 1;',
      '',
      'export const bad = 1;',
      'export interface Worse {',
      '  value: string;',
      '}',
      'export interface Better {',
      '  value: string;',
      '  /** Documented by its parts. */',
      '  other: string;',
      '}',
      '// Not a docblock.',
      'export async function worst(): Promise<void> {}',
      'export const DEFAULT_GOOD = 1;',
      'export type Good = typeof good;',
      'const inner = 2;',
      'export { inner };',
    ].join('\n');
    expect(undocumentedExports(source)).toEqual(['bad', 'Worse', 'worst']);
  });

  it('wants one docblock for overloads, and for a type with its companion value', () => {
    const source = [
      '/** Both. */',
      'export function both(a: string): void;',
      'export function both(a: number): void;',
      'export type Pair = 1;',
      '/** A pair. */',
      'export const Pair = 1;',
    ].join('\n');
    expect(undocumentedExports(source)).toEqual([]);
  });
});
