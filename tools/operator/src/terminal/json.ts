/** JSON in which int64 values are text, as in proto3's JSON, and bytes are base64. */
export function jsonOf(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, key: string, part: unknown) {
    // A Buffer has turned itself into something else when it comes here as `part`.
    const raw = this[key];
    if (ArrayBuffer.isView(raw)) return Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('base64');
    return typeof raw === 'bigint' ? String(raw) : part;
  });
}
