import { create, toBinary } from '@bufbuild/protobuf';
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { describedDefinition, readRegistry, type MethodDefinition } from '@giftmesh/mesh-policy';
import { ServingStatus } from './health-status';

/** `grpc.health.v1.HealthCheckRequest`. */
export interface HealthCheckRequest {
  readonly service: string;
}
/** `grpc.health.v1.HealthCheckResponse`. */
export interface HealthCheckResponse {
  readonly status: ServingStatus;
}
/** `grpc.health.v1.HealthListResponse`. */
export interface HealthListResponse {
  readonly statuses: Readonly<Record<string, HealthCheckResponse>>;
}

type Method<Request, Response, Streams extends boolean> = MethodDefinition<Request, Response> & {
  readonly requestStream: false;
  readonly responseStream: Streams;
};

/** The definition of `grpc.health.v1.Health`. */
// A type and not an interface: only so it has the index signature that ServiceDefinition asks for.
/** The methods of `grpc.health.v1.Health`. */
export type HealthDefinition = {
  readonly check: Method<HealthCheckRequest, HealthCheckResponse, false>;
  readonly list: Method<object, HealthListResponse, false>;
  readonly watch: Method<HealthCheckRequest, HealthCheckResponse, true>;
};

/** The full name of the health service. */
export const HEALTH_SERVICE = 'grpc.health.v1.Health';

/**
 * The serialized FileDescriptorSet of `grpc/health/v1/health.proto`, as the gRPC project publishes the service
 * (github.com/grpc/grpc-proto): names and numbers are the protocol.
 */
export function healthDescriptors(): Uint8Array {
  const { ENUM, MESSAGE, STRING } = FieldDescriptorProto_Type;
  const { OPTIONAL, REPEATED } = FieldDescriptorProto_Label;
  const response = '.grpc.health.v1.HealthCheckResponse';
  const file = create(FileDescriptorProtoSchema, {
    name: 'grpc/health/v1/health.proto',
    package: 'grpc.health.v1',
    syntax: 'proto3',
    messageType: [
      {
        name: 'HealthCheckRequest',
        field: [{ name: 'service', number: 1, type: STRING, label: OPTIONAL, jsonName: 'service' }],
      },
      {
        name: 'HealthCheckResponse',
        enumType: [
          {
            name: 'ServingStatus',
            value: Object.entries(ServingStatus).map(([name, number]) => ({ name, number })),
          },
        ],
        field: [
          {
            name: 'status',
            number: 1,
            type: ENUM,
            typeName: `${response}.ServingStatus`,
            label: OPTIONAL,
            jsonName: 'status',
          },
        ],
      },
      { name: 'HealthListRequest' },
      {
        name: 'HealthListResponse',
        nestedType: [
          {
            name: 'StatusesEntry',
            options: { mapEntry: true },
            field: [
              { name: 'key', number: 1, type: STRING, label: OPTIONAL, jsonName: 'key' },
              { name: 'value', number: 2, type: MESSAGE, typeName: response, label: OPTIONAL, jsonName: 'value' },
            ],
          },
        ],
        field: [
          {
            name: 'statuses',
            number: 1,
            type: MESSAGE,
            typeName: '.grpc.health.v1.HealthListResponse.StatusesEntry',
            label: REPEATED,
            jsonName: 'statuses',
          },
        ],
      },
    ],
    service: [
      {
        name: 'Health',
        method: [
          { name: 'Check', inputType: '.grpc.health.v1.HealthCheckRequest', outputType: response },
          {
            name: 'List',
            inputType: '.grpc.health.v1.HealthListRequest',
            outputType: '.grpc.health.v1.HealthListResponse',
          },
          {
            name: 'Watch',
            inputType: '.grpc.health.v1.HealthCheckRequest',
            outputType: response,
            serverStreaming: true,
          },
        ],
      },
    ],
  });
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: [file] }));
}

/** Makes the definition; the same methods serve servers and clients. */
export function healthDefinition(): HealthDefinition {
  return describedDefinition(readRegistry(healthDescriptors()), HEALTH_SERVICE) as unknown as HealthDefinition;
}
