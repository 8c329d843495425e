import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import type { MethodDefinition } from '@giftmesh/mesh-context';

/** The bytes of a request. Throws INTERNAL when the value is no such message: the calling code is wrong. */
export function encodeRequest(method: MethodDefinition, request: unknown): Buffer {
  try {
    return method.requestSerialize(request);
  } catch (cause) {
    throw new StatusError({
      code: StatusCode.INTERNAL,
      reason: 'REQUEST_NOT_SERIALIZABLE',
      message: `not a request of ${method.path}`,
      cause,
    });
  }
}

/** Reads an answer. Throws INTERNAL when the bytes are no such message: the two sides disagree about the contract. */
export function decodeResponse(method: MethodDefinition, bytes: Buffer): unknown {
  try {
    return method.responseDeserialize(bytes);
  } catch (cause) {
    throw new StatusError({
      code: StatusCode.INTERNAL,
      reason: 'MALFORMED_RESPONSE',
      message: `the answer is not a message of ${method.path}`,
      cause,
    });
  }
}
