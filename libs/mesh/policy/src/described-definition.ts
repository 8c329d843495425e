import { create, fromBinary, toBinary, type DescMessage, type FileRegistry } from '@bufbuild/protobuf';
import type { MethodDefinition } from './definition';

/**
 * Makes the definition of a service from its descriptor, without generated code: for small services, tools and tests.
 * Messages are plain objects with the fields' camelCase names, oneofs as `{case, value}`, int64 as bigint (see
 * @bufbuild/protobuf); missing fields are filled in. Slower than generated code.
 *
 * Throws TypeError when the registry has no such service.
 */
export function describedDefinition(registry: FileRegistry, service: string): Record<string, MethodDefinition> {
  const descriptor = registry.getService(service);
  if (descriptor === undefined) throw new TypeError(`no service ${service} among the descriptors`);
  return Object.fromEntries(
    descriptor.methods.map((method) => {
      const request = codec(method.input);
      const response = codec(method.output);
      return [
        method.localName,
        {
          path: `/${service}/${method.name}`,
          requestStream: method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming',
          responseStream: method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming',
          requestSerialize: request.serialize,
          requestDeserialize: request.deserialize,
          responseSerialize: response.serialize,
          responseDeserialize: response.deserialize,
        },
      ];
    }),
  );
}

function codec(type: DescMessage): { serialize: (value: object) => Buffer; deserialize: (bytes: Buffer) => object } {
  return {
    serialize: (value) => Buffer.from(toBinary(type, create(type, value as never))),
    deserialize: (bytes) => fromBinary(type, bytes),
  };
}
