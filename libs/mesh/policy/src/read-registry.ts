import { createFileRegistry, fromBinary, type FileRegistry } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

/** Reads a serialized `google.protobuf.FileDescriptorSet`. Throws TypeError, with the cause, when it is none. */
export function readRegistry(descriptors: Uint8Array): FileRegistry {
  try {
    return createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptors));
  } catch (cause) {
    throw new TypeError('not a serialized FileDescriptorSet with all its imports', { cause });
  }
}
