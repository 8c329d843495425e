/** A generated message: the part of it that writes. */
interface Encodable<T, W> {
  encode(message: T, writer?: W): W;
}

/**
 * Encodes messages one after the other into one writer, whose buffer grows once instead of for each message: most of what
 * writing a short message costs. The bytes are the caller's own.
 */
export function reusedWriter<T, W extends { finish(): Uint8Array }>(type: Encodable<T, W>): (message: T) => Uint8Array {
  let idle: W | undefined;
  return (message) => {
    const writer = idle;
    // A writer that a message broke off in is not used again.
    idle = undefined;
    const written = type.encode(message, writer);
    const bytes = written.finish();
    idle = written;
    return bytes;
  };
}
