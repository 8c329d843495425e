import { DESCRIPTORS_BASE64 } from './generated/descriptors';

/** The serialized `google.protobuf.FileDescriptorSet` of all contracts and what they import. */
export function contractDescriptors(): Uint8Array {
  return Buffer.from(DESCRIPTORS_BASE64, 'base64');
}
