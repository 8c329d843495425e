export { fromGrpcError } from './from-grpc-error';
export {
  STATUS_DETAILS_BYTES_MAX,
  STATUS_DETAILS_HEADER,
  STATUS_MESSAGE_CHARACTERS_MAX,
  toGrpcStatus,
  type ToGrpcStatusOptions,
} from './to-grpc-status';
export { toStatusError, type OnInternalError } from './to-status-error';
