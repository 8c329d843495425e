/** Frame types of HTTP/2 (RFC 9113, section 6). */
export const FrameType = {
  DATA: 0,
  HEADERS: 1,
  RST_STREAM: 3,
  SETTINGS: 4,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

/** Frame flags (RFC 9113, section 6). ACK has the bit of END_STREAM, on other frames. */
export const FrameFlag = { END_STREAM: 0x1, ACK: 0x1, END_HEADERS: 0x4, PADDED: 0x8, PRIORITY: 0x20 } as const;

/** Settings (RFC 9113, section 6.5.2). */
export const Setting = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
} as const;

/** Bytes before each frame's payload. */
export const FRAME_HEADER_LENGTH = 9;
/** What a client sends first. */
export const CONNECTION_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** Writes a frame's header at `offset` and returns the offset behind it. */
export function writeFrameHeader(
  buffer: Buffer,
  offset: number,
  payloadLength: number,
  type: number,
  flags: number,
  streamId: number,
): number {
  buffer.writeUIntBE(payloadLength, offset, 3);
  buffer[offset + 3] = type;
  buffer[offset + 4] = flags;
  return buffer.writeUInt32BE(streamId, offset + 5);
}

/** A whole frame. */
export function frame(type: number, flags: number, streamId: number, payload: Uint8Array): Buffer {
  const buffer = Buffer.allocUnsafe(FRAME_HEADER_LENGTH + payload.length);
  buffer.set(payload, writeFrameHeader(buffer, 0, payload.length, type, flags, streamId));
  return buffer;
}

/** A WINDOW_UPDATE frame: `bytes` more may be sent on the stream, or with stream 0 on the connection. */
export function windowUpdate(streamId: number, bytes: number): Buffer {
  const payload = Buffer.allocUnsafe(4);
  payload.writeUInt32BE(bytes);
  return frame(FrameType.WINDOW_UPDATE, 0, streamId, payload);
}

/** A SETTINGS frame. */
export function settings(values: readonly (readonly [setting: number, value: number])[]): Buffer {
  const payload = Buffer.allocUnsafe(values.length * 6);
  values.forEach(([setting, value], index) => {
    payload.writeUInt16BE(setting, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  });
  return frame(FrameType.SETTINGS, 0, 0, payload);
}
