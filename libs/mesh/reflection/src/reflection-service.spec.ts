import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { compileProto } from '@giftmesh/mesh-policy/testing';
import { reflectionDefinition, type ReflectionRequest, type ReflectionResponse } from './reflection-definition';
import { reflectionServices } from './reflection-service';

const descriptors = compileProto(`
  syntax = "proto3";
  package shop.v1;
  message M { map<string, string> tags = 1; }
  service Shop { rpc Buy(M) returns (M); }
`);
const services = reflectionServices({ descriptors: [descriptors], services: () => ['shop.v1.Shop', 'a.B'] });

async function ask(question: ReflectionRequest['messageRequest']): Promise<ReflectionResponse> {
  async function* requests(): AsyncIterable<ReflectionRequest> {
    yield { host: 'anything', messageRequest: question };
  }
  const handler = services[0]?.handlers['serverReflectionInfo'];
  for await (const response of handler?.(requests()) as AsyncIterable<ReflectionResponse>) return response;
  throw new Error('no answer');
}
const namesOf = (response: ReflectionResponse): string[] =>
  response.messageResponse.case === 'fileDescriptorResponse'
    ? response.messageResponse.value.fileDescriptorProto.map(
        (bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name,
      )
    : [];

describe('reflectionServices', () => {
  it('serves both versions', () => {
    expect(services.map(({ definition }) => Object.values(definition)[0]?.path)).toEqual([
      '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
      '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
    ]);
  });

  it('lists the services it is told of, and repeats the question', async () => {
    const response = await ask({ case: 'listServices', value: '' });
    expect(response).toEqual({
      validHost: 'anything',
      originalRequest: { host: 'anything', messageRequest: { case: 'listServices', value: '' } },
      messageResponse: {
        case: 'listServicesResponse',
        value: { service: [{ name: 'a.B' }, { name: 'shop.v1.Shop' }] },
      },
    });
  });

  it('finds files by name and symbol, its own included', async () => {
    expect(namesOf(await ask({ case: 'fileByFilename', value: 'test.proto' }))).toEqual(['test.proto']);
    expect(namesOf(await ask({ case: 'fileContainingSymbol', value: 'shop.v1.Shop.Buy' }))).toEqual(['test.proto']);
    for (const version of ['v1', 'v1alpha']) {
      const value = `grpc.reflection.${version}.ServerReflection`;
      expect(namesOf(await ask({ case: 'fileContainingSymbol', value }))).toEqual([
        `grpc/reflection/${version}/reflection.proto`,
      ]);
    }
  });

  it.each<ReflectionRequest['messageRequest']>([
    { case: 'fileByFilename', value: 'nope.proto' },
    { case: 'fileContainingSymbol', value: 'shop.v1.Nope' },
    { case: 'fileContainingExtension', value: { containingType: 'shop.v1.M', extensionNumber: 1 } },
    { case: 'allExtensionNumbersOfType', value: 'shop.v1.Nope' },
  ])('answers NOT_FOUND to %j', async (question) => {
    expect((await ask(question)).messageResponse).toMatchObject({ case: 'errorResponse', value: { errorCode: 5 } });
  });

  it('answers INVALID_ARGUMENT to a request that asks nothing', async () => {
    const { messageResponse } = await ask({ case: undefined });
    expect(messageResponse).toMatchObject({ case: 'errorResponse', value: { errorCode: 3 } });
  });

  it('speaks the published wire format', () => {
    const { serverReflectionInfo } = reflectionDefinition('v1');
    const bytes = serverReflectionInfo.requestSerialize({
      host: 'h',
      messageRequest: { case: 'fileContainingExtension', value: { containingType: 'a', extensionNumber: 7 } },
    });
    expect([...bytes]).toEqual([0x0a, 1, 0x68, 0x2a, 5, 0x0a, 1, 0x61, 0x10, 7]);
    const answer = serverReflectionInfo.responseSerialize({
      validHost: '',
      originalRequest: { host: '', messageRequest: { case: undefined } },
      messageResponse: { case: 'allExtensionNumbersResponse', value: { baseTypeName: 'a', extensionNumber: [1, 2] } },
    });
    expect([...answer]).toEqual([0x12, 0, 0x2a, 7, 0x0a, 1, 0x61, 0x12, 2, 1, 2]);
  });
});
