/** JSON in which int64 values are text, as in proto3's JSON. */
export function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'bigint' ? String(part) : part instanceof Uint8Array ? Buffer.from(part).toString('base64') : part,
  );
}
