import { types } from 'node:util';

/** What an error says; of several at once, what each says. */
export function messageOf(error: unknown): string {
  if (!types.isNativeError(error)) return String(error);
  const { errors } = error as { errors?: readonly unknown[] };
  return errors === undefined ? error.message : errors.map(messageOf).join('; ');
}
