import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { FieldViolation } from '@giftmesh/kernel-errors';

/**
 * The messages of the rich error model (google.rpc, published as google/rpc/status.proto and error_details.proto),
 * by their field numbers: Status {code 1, message 2, details 3: Any}, Any {type_url 1, value 2},
 * ErrorInfo {reason 1, domain 2, metadata 3: map<string, string>}, BadRequest {field_violations 1: {field 1,
 * description 2}}, RetryInfo {retry_delay 1: Duration {seconds 1, nanos 2}}.
 */
export interface RichStatus {
  readonly code: number;
  readonly message: string;
  readonly details: RichDetails;
}

/** What the details of a status say, decoded. */
export interface RichDetails {
  readonly errorInfo?: ErrorInfo | undefined;
  readonly fieldViolations?: readonly FieldViolation[] | undefined;
  readonly retryDelayMs?: number | undefined;
}

/** `google.rpc.ErrorInfo`. */
export interface ErrorInfo {
  readonly reason: string;
  readonly domain: string;
  readonly metadata: Readonly<Record<string, string>>;
}

const TYPE = 'type.googleapis.com/google.rpc.';

/** The bytes of a `google.rpc.Status` with its details. */
export function encodeStatus(status: RichStatus): Uint8Array {
  const { errorInfo, fieldViolations = [], retryDelayMs } = status.details;
  const writer = new BinaryWriter();
  if (status.code !== 0) writer.tag(1, WireType.Varint).int32(status.code);
  if (status.message !== '') writer.tag(2, WireType.LengthDelimited).string(status.message);
  if (errorInfo !== undefined) any(writer, 'ErrorInfo', encodeErrorInfo(errorInfo));
  if (fieldViolations.length > 0) any(writer, 'BadRequest', encodeBadRequest(fieldViolations));
  if (retryDelayMs !== undefined) any(writer, 'RetryInfo', encodeRetryInfo(retryDelayMs));
  return writer.finish();
}

/** Throws when the bytes are malformed; details of types that are not known here are left out. */
export function decodeStatus(bytes: Uint8Array): RichStatus {
  const status = { code: 0, message: '', details: {} as { -readonly [K in keyof RichDetails]: RichDetails[K] } };
  readFields(bytes, (field, wire, reader) => {
    if (field === 1 && wire === WireType.Varint) status.code = reader.int32();
    else if (field === 2 && wire === WireType.LengthDelimited) status.message = reader.string();
    else if (field === 3 && wire === WireType.LengthDelimited) {
      const detail = decodePair(reader.bytes());
      if (detail.text === `${TYPE}ErrorInfo`) status.details.errorInfo = decodeErrorInfo(detail.value);
      if (detail.text === `${TYPE}BadRequest`) status.details.fieldViolations = decodeBadRequest(detail.value);
      if (detail.text === `${TYPE}RetryInfo`) status.details.retryDelayMs = decodeRetryInfo(detail.value);
    } else return false;
    return true;
  });
  return status;
}

function encodeErrorInfo(info: ErrorInfo): Uint8Array {
  const writer = new BinaryWriter();
  text(writer, 1, info.reason);
  text(writer, 2, info.domain);
  for (const [key, value] of Object.entries(info.metadata)) {
    writer.tag(3, WireType.LengthDelimited).fork();
    text(writer, 1, key);
    text(writer, 2, value);
    writer.join();
  }
  return writer.finish();
}

function decodeErrorInfo(bytes: Uint8Array): ErrorInfo {
  let reason = '';
  let domain = '';
  const metadata: [string, string][] = [];
  readFields(bytes, (field, wire, reader) => {
    if (wire !== WireType.LengthDelimited) return false;
    if (field === 1) reason = reader.string();
    else if (field === 2) domain = reader.string();
    else if (field === 3) {
      const entry = decodePair(reader.bytes());
      metadata.push([entry.text, utf8.decode(entry.value)]);
    } else return false;
    return true;
  });
  // fromEntries defines own properties, so that a key `__proto__` stays a key.
  return { reason, domain, metadata: Object.fromEntries(metadata) };
}

function encodeBadRequest(violations: readonly FieldViolation[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const violation of violations) {
    writer.tag(1, WireType.LengthDelimited).fork();
    text(writer, 1, violation.field);
    text(writer, 2, violation.description);
    writer.join();
  }
  return writer.finish();
}

function decodeBadRequest(bytes: Uint8Array): FieldViolation[] {
  const violations: FieldViolation[] = [];
  readFields(bytes, (field, wire, reader) => {
    if (field !== 1 || wire !== WireType.LengthDelimited) return false;
    const { text: name, value } = decodePair(reader.bytes());
    violations.push({ field: name, description: utf8.decode(value) });
    return true;
  });
  return violations;
}

function encodeRetryInfo(retryDelayMs: number): Uint8Array {
  const seconds = Math.floor(retryDelayMs / 1_000);
  const nanos = Math.round((retryDelayMs - seconds * 1_000) * 1_000_000);
  const writer = new BinaryWriter().tag(1, WireType.LengthDelimited).fork();
  if (seconds !== 0) writer.tag(1, WireType.Varint).int64(seconds);
  if (nanos !== 0) writer.tag(2, WireType.Varint).int32(nanos);
  return writer.join().finish();
}

function decodeRetryInfo(bytes: Uint8Array): number | undefined {
  let retryDelayMs: number | undefined;
  readFields(bytes, (field, wire, reader) => {
    if (field !== 1 || wire !== WireType.LengthDelimited) return false;
    let seconds = 0;
    let nanos = 0;
    readFields(reader.bytes(), (part, partWire, duration) => {
      if (partWire !== WireType.Varint) return false;
      if (part === 1) seconds = Number(duration.int64());
      else if (part === 2) nanos = duration.int32();
      else return false;
      return true;
    });
    retryDelayMs = seconds * 1_000 + nanos / 1_000_000;
    return true;
  });
  return retryDelayMs;
}

function any(writer: BinaryWriter, type: string, value: Uint8Array): void {
  writer.tag(3, WireType.LengthDelimited).fork();
  text(writer, 1, `${TYPE}${type}`);
  writer.tag(2, WireType.LengthDelimited).bytes(value).join();
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Any, map entries and field violations share a shape: text in field 1, bytes (or text) in field 2. */
function decodePair(bytes: Uint8Array): { text: string; value: Uint8Array } {
  const pair = { text: '', value: new Uint8Array() as Uint8Array };
  readFields(bytes, (field, wire, reader) => {
    if (wire !== WireType.LengthDelimited) return false;
    if (field === 1) pair.text = reader.string();
    else if (field === 2) pair.value = reader.bytes();
    else return false;
    return true;
  });
  return pair;
}

function text(writer: BinaryWriter, field: number, value: string): void {
  if (value !== '') writer.tag(field, WireType.LengthDelimited).string(value);
}

/** Reads all fields; those that `read` doesn't know (returns false without reading) are skipped. */
function readFields(bytes: Uint8Array, read: (field: number, wire: WireType, reader: BinaryReader) => boolean): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (!read(field, wire, reader)) reader.skip(wire, field);
  }
}
