import { StatusCode, assertNever } from '@giftmesh/kernel-errors';
import { service, type Service } from '@giftmesh/mesh-context';
import { DescriptorIndex } from './descriptor-index';
import {
  reflectionDefinition,
  reflectionDescriptors,
  type ReflectionAnswer,
  type ReflectionRequest,
  type ReflectionResponse,
} from './reflection-definition';

export interface ReflectionOptions {
  /** Serialized FileDescriptorSets of everything that is served; those of reflection itself are added. */
  readonly descriptors: readonly Uint8Array[];
  /** The full names of the services that are served, asked at each request. */
  readonly services: () => readonly string[];
}

/** The services `grpc.reflection.v1.ServerReflection` and its twin v1alpha. Throws TypeError for bytes that are no descriptors. */
export function reflectionServices(options: ReflectionOptions): readonly Service[] {
  const index = new DescriptorIndex([
    ...options.descriptors,
    reflectionDescriptors('v1'),
    reflectionDescriptors('v1alpha'),
  ]);
  const handlers = {
    async *serverReflectionInfo(requests: AsyncIterable<ReflectionRequest>): AsyncIterable<ReflectionResponse> {
      for await (const request of requests) {
        const messageResponse = answer(index, options.services, request);
        yield { validHost: request.host, originalRequest: request, messageResponse };
      }
    },
  };
  return [service(reflectionDefinition('v1'), handlers), service(reflectionDefinition('v1alpha'), handlers)];
}

function answer(
  index: DescriptorIndex,
  services: () => readonly string[],
  request: ReflectionRequest,
): ReflectionAnswer {
  const question = request.messageRequest;
  switch (question.case) {
    case 'listServices':
      return { case: 'listServicesResponse', value: { service: [...services()].sort().map((name) => ({ name })) } };
    case 'fileByFilename':
      return files(index, index.hasFile(question.value) ? question.value : undefined, question.value);
    case 'fileContainingSymbol':
      return files(index, index.fileOfSymbol(question.value), question.value);
    case 'fileContainingExtension': {
      const { containingType, extensionNumber } = question.value;
      const file = index.fileOfExtension(containingType, extensionNumber);
      return files(index, file, `${containingType} extension ${extensionNumber}`);
    }
    case 'allExtensionNumbersOfType': {
      const numbers = index.extensionNumbers(question.value);
      if (numbers === undefined) return notFound(question.value);
      return {
        case: 'allExtensionNumbersResponse',
        value: { baseTypeName: question.value, extensionNumber: numbers },
      };
    }
    case undefined:
      return error(StatusCode.INVALID_ARGUMENT, 'the request asks for nothing');
    default:
      return assertNever(question);
  }
}

function files(index: DescriptorIndex, fileName: string | undefined, asked: string): ReflectionAnswer {
  if (fileName === undefined) return notFound(asked);
  return { case: 'fileDescriptorResponse', value: { fileDescriptorProto: index.withImports(fileName) } };
}

function notFound(asked: string): ReflectionAnswer {
  return error(StatusCode.NOT_FOUND, `not found: ${asked}`);
}

function error(errorCode: StatusCode, errorMessage: string): ReflectionAnswer {
  return { case: 'errorResponse', value: { errorCode, errorMessage } };
}
