import { StatusCode, StatusError } from '@giftmesh/kernel-errors';

/** Told of everything thrown that was not meant for a caller, so that it can be logged and counted. */
export type OnInternalError = (thrown: unknown) => void;

/**
 * The StatusError that a caller may see for whatever was thrown. A StatusError stays what it is; anything else becomes
 * INTERNAL without a word of its text, is given to `onInternalError`, and stays as the cause for this process's eyes.
 * Never throws, whatever was thrown and whatever the hook does.
 */
export function toStatusError(thrown: unknown, onInternalError?: OnInternalError): StatusError {
  // A StatusError with code OK would make a success of a failure.
  if (isStatusError(thrown) && thrown.code !== StatusCode.OK) return thrown;
  try {
    onInternalError?.(thrown);
  } catch {
    // The call must be answered, even when the one who listens to failures fails.
  }
  return new StatusError({
    code: StatusCode.INTERNAL,
    reason: 'INTERNAL',
    message: 'internal error',
    cause: thrown,
  });
}

function isStatusError(thrown: unknown): thrown is StatusError {
  try {
    return thrown instanceof StatusError;
  } catch {
    // A proxy may throw when it is looked at.
    return false;
  }
}
