import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials, loadPackageDefinition, type Client, type ServiceClientConstructor } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { ECHO_PROTO } from './echo-proto';

/** A client that nobody here wrote: grpc-js with proto-loader and nothing of the mesh. Methods as grpc-js makes them. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- its methods are made at run time
export type PlainClient = Client & Record<string, any>;

/** Makes the echo service's constructor for plain grpc-js, for clients and (its `.service`) for servers. */
export function plainEcho(): ServiceClientConstructor {
  const folder = mkdtempSync(join(tmpdir(), 'mesh-testing-'));
  try {
    const file = join(folder, 'echo.proto');
    writeFileSync(file, ECHO_PROTO);
    const loaded = loadPackageDefinition(loadSync(file, { keepCase: false, defaults: true }));
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the packages of a file are only known at run time
    return (loaded as any).mesh.testing.v1.Echo as ServiceClientConstructor;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Connects a plain client to `127.0.0.1:port`. The caller closes it. */
export function plainClient(constructor: ServiceClientConstructor, port: number): PlainClient {
  return new constructor(`127.0.0.1:${port}`, credentials.createInsecure());
}
