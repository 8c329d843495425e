import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { makeGenericClientConstructor } from '@grpc/grpc-js';
import { reflectionDefinition, type ReflectionResponse, type ReflectionVersion } from '@giftmesh/mesh-reflection';
import { createMeshServer, service, type MeshServer } from './index';
import { compileEcho, echoHandlers, plainClient } from './testing';

const echo = compileEcho();
let server: MeshServer;
let port: number;

beforeAll(async () => {
  server = createMeshServer({
    services: [service(echo.definition, echoHandlers)],
    descriptors: echo.descriptors,
    errorDomain: 'echo.test',
  });
  port = await server.listen('127.0.0.1:0');
});
afterAll(() => server.close());

const SERVICES = [
  'grpc.health.v1.Health',
  'grpc.reflection.v1.ServerReflection',
  'grpc.reflection.v1alpha.ServerReflection',
  'mesh.testing.v1.Echo',
];

describe.each<ReflectionVersion>(['v1', 'v1alpha'])('reflection %s, asked by a plain grpc-js client', (version) => {
  const Reflection = makeGenericClientConstructor(
    reflectionDefinition(version),
    `grpc.reflection.${version}.ServerReflection`,
  );

  async function ask(...questions: object[]): Promise<ReflectionResponse[]> {
    const client = plainClient(Reflection, port);
    const call = client['serverReflectionInfo']();
    for (const messageRequest of questions) call.write({ host: '', messageRequest });
    call.end();
    const answers: ReflectionResponse[] = [];
    for await (const answer of call) answers.push(answer as ReflectionResponse);
    client.close();
    return answers;
  }

  it('lists what is served, itself and health included, and describes all of it', async () => {
    const [list] = await ask({ case: 'listServices', value: '' });
    expect(list?.messageResponse).toMatchObject({ value: { service: SERVICES.map((name) => ({ name })) } });
    const files = await ask(...SERVICES.map((value) => ({ case: 'fileContainingSymbol', value })));
    expect(files.map(({ messageResponse }) => messageResponse.case)).toEqual(
      SERVICES.map(() => 'fileDescriptorResponse'),
    );
  });

  it('gives a file with its imports, options included', async () => {
    const [answer] = await ask({ case: 'fileContainingSymbol', value: 'mesh.testing.v1.SayRequest.Note' });
    const response = answer?.messageResponse;
    if (response?.case !== 'fileDescriptorResponse') throw new Error(response?.case);
    const files = response.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
    expect(files.map(({ name }) => name)).toEqual([
      'test.proto',
      'google/protobuf/descriptor.proto',
      'google/protobuf/duration.proto',
      'google/protobuf/timestamp.proto',
    ]);
    const option = files[0]?.service[0]?.method[0]?.options?.$unknown?.map(({ no }) => no);
    expect(option).toEqual([50_999]);
  });

  it('answers extensions, and errors for what is not there, on one stream', async () => {
    const extendee = 'google.protobuf.MethodOptions';
    const answers = await ask(
      { case: 'allExtensionNumbersOfType', value: extendee },
      { case: 'fileContainingExtension', value: { containingType: extendee, extensionNumber: 50_999 } },
      { case: 'fileByFilename', value: 'nope.proto' },
      { case: 'fileByFilename', value: 'google/protobuf/timestamp.proto' },
    );
    expect(answers.map(({ messageResponse }) => messageResponse.case)).toEqual([
      'allExtensionNumbersResponse',
      'fileDescriptorResponse',
      'errorResponse',
      'fileDescriptorResponse',
    ]);
  });
});

describe('reflection, asked by buf curl', () => {
  const curl = async (...args: string[]): Promise<string> => {
    const buf = require.resolve('@bufbuild/buf/bin/buf');
    const flags = ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', '--reflect'];
    const { stdout } = await promisify(execFile)(process.execPath, [buf, ...flags, ...args]);
    return stdout;
  };

  it('lists all methods', async () => {
    const methods = (await curl('--list-methods', `http://127.0.0.1:${port}`)).trim().split('\n').sort();
    expect(methods).toEqual([
      'grpc.health.v1.Health/Check',
      'grpc.health.v1.Health/List',
      'grpc.health.v1.Health/Watch',
      'grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
      'grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
      'mesh.testing.v1.Echo/Chat',
      'mesh.testing.v1.Echo/Collect',
      'mesh.testing.v1.Echo/Repeat',
      'mesh.testing.v1.Echo/Say',
    ]);
  });

  it.each(['grpc-v1', 'grpc-v1alpha'])('calls a method that it knows by reflection %s alone', async (protocol) => {
    const request = JSON.stringify({ text: 'hi', at: '2026-01-01T00:00:00Z', notes: { a: { size: '5' } } });
    const url = `http://127.0.0.1:${port}/mesh.testing.v1.Echo/Say`;
    expect(JSON.parse(await curl('--reflect-protocol', protocol, '-d', request, url))).toEqual({ text: 'hi' });
  });

  it('shows the details of errors', async () => {
    const url = `http://127.0.0.1:${port}/grpc.health.v1.Health/Check`;
    const failure = (await curl('-d', '{"service": "nope"}', url).catch((error: unknown) => error)) as {
      stderr: string;
    };
    expect(JSON.parse(failure.stderr)).toMatchObject({
      code: 'not_found',
      details: [{ type: 'google.rpc.ErrorInfo' }],
    });
  });
});
