import { create, toBinary } from '@bufbuild/protobuf';
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { describedDefinition, readRegistry, type MethodDefinition } from '@giftmesh/mesh-policy';

/** What a client asks. */
export interface ReflectionRequest {
  readonly host: string;
  readonly messageRequest:
    | { readonly case: 'fileByFilename'; readonly value: string }
    | { readonly case: 'fileContainingSymbol'; readonly value: string }
    | {
        readonly case: 'fileContainingExtension';
        readonly value: { readonly containingType: string; readonly extensionNumber: number };
      }
    | { readonly case: 'allExtensionNumbersOfType'; readonly value: string }
    | { readonly case: 'listServices'; readonly value: string }
    | { readonly case: undefined; readonly value?: undefined };
}

/** What it gets, with its question. */
export interface ReflectionResponse {
  readonly validHost: string;
  readonly originalRequest: ReflectionRequest;
  readonly messageResponse: ReflectionAnswer;
}

/** One answer of `ServerReflectionInfo`. */
export type ReflectionAnswer =
  | {
      readonly case: 'fileDescriptorResponse';
      readonly value: { readonly fileDescriptorProto: readonly Uint8Array[] };
    }
  | {
      readonly case: 'allExtensionNumbersResponse';
      readonly value: { readonly baseTypeName: string; readonly extensionNumber: readonly number[] };
    }
  | {
      readonly case: 'listServicesResponse';
      readonly value: { readonly service: readonly { readonly name: string }[] };
    }
  | {
      readonly case: 'errorResponse';
      readonly value: { readonly errorCode: number; readonly errorMessage: string };
    };

/** The definition of `ServerReflection`; the same in both versions but for the package. */
export type ReflectionDefinition = {
  readonly serverReflectionInfo: MethodDefinition<ReflectionRequest, ReflectionResponse> & {
    readonly requestStream: true;
    readonly responseStream: true;
  };
};

/** The two published versions. Clients try v1 first, many old ones know only v1alpha. */
export type ReflectionVersion = 'v1' | 'v1alpha';

/**
 * The serialized FileDescriptorSet of `grpc/reflection/<version>/reflection.proto`, as the gRPC project publishes the
 * service (github.com/grpc/grpc-proto): names and numbers are the protocol.
 */
export function reflectionDescriptors(version: ReflectionVersion): Uint8Array {
  const { BYTES, INT32, MESSAGE, STRING } = FieldDescriptorProto_Type;
  const prefix = `.grpc.reflection.${version}.`;
  const file = create(FileDescriptorProtoSchema, {
    name: `grpc/reflection/${version}/reflection.proto`,
    package: `grpc.reflection.${version}`,
    syntax: 'proto3',
    service: [
      {
        name: 'ServerReflection',
        method: [
          {
            name: 'ServerReflectionInfo',
            inputType: `${prefix}ServerReflectionRequest`,
            outputType: `${prefix}ServerReflectionResponse`,
            clientStreaming: true,
            serverStreaming: true,
          },
        ],
      },
    ],
    messageType: [
      {
        name: 'ServerReflectionRequest',
        oneofDecl: [{ name: 'message_request' }],
        field: [
          field('host', 1, STRING),
          choice('file_by_filename', 3, STRING),
          choice('file_containing_symbol', 4, STRING),
          choice('file_containing_extension', 5, MESSAGE, `${prefix}ExtensionRequest`),
          choice('all_extension_numbers_of_type', 6, STRING),
          choice('list_services', 7, STRING),
        ],
      },
      { name: 'ExtensionRequest', field: [field('containing_type', 1, STRING), field('extension_number', 2, INT32)] },
      {
        name: 'ServerReflectionResponse',
        oneofDecl: [{ name: 'message_response' }],
        field: [
          field('valid_host', 1, STRING),
          field('original_request', 2, MESSAGE, `${prefix}ServerReflectionRequest`),
          choice('file_descriptor_response', 4, MESSAGE, `${prefix}FileDescriptorResponse`),
          choice('all_extension_numbers_response', 5, MESSAGE, `${prefix}ExtensionNumberResponse`),
          choice('list_services_response', 6, MESSAGE, `${prefix}ListServiceResponse`),
          choice('error_response', 7, MESSAGE, `${prefix}ErrorResponse`),
        ],
      },
      { name: 'FileDescriptorResponse', field: [repeated('file_descriptor_proto', 1, BYTES)] },
      {
        name: 'ExtensionNumberResponse',
        field: [field('base_type_name', 1, STRING), repeated('extension_number', 2, INT32)],
      },
      { name: 'ListServiceResponse', field: [repeated('service', 1, MESSAGE, `${prefix}ServiceResponse`)] },
      { name: 'ServiceResponse', field: [field('name', 1, STRING)] },
      { name: 'ErrorResponse', field: [field('error_code', 1, INT32), field('error_message', 2, STRING)] },
    ],
  });
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: [file] }));
}

/** Makes the definition of a version; the same method serves servers and clients. */
export function reflectionDefinition(version: ReflectionVersion): ReflectionDefinition {
  const registry = readRegistry(reflectionDescriptors(version));
  return describedDefinition(
    registry,
    `grpc.reflection.${version}.ServerReflection`,
  ) as unknown as ReflectionDefinition;
}

function field(name: string, number: number, type: FieldDescriptorProto_Type, typeName = '') {
  const jsonName = name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
  return { name, number, type, typeName, jsonName, label: FieldDescriptorProto_Label.OPTIONAL };
}

function repeated(name: string, number: number, type: FieldDescriptorProto_Type, typeName = '') {
  return { ...field(name, number, type, typeName), label: FieldDescriptorProto_Label.REPEATED };
}

/** A field of the message's only oneof. */
function choice(name: string, number: number, type: FieldDescriptorProto_Type, typeName = '') {
  return { ...field(name, number, type, typeName), oneofIndex: 0 };
}
