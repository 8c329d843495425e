import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { Client, type ChannelCredentials, type ServiceError } from '@grpc/grpc-js';
import { service } from '@giftmesh/mesh-context';
import { describedDefinition, readRegistry, type MethodDefinition } from '@giftmesh/mesh-policy';
import { compileProto } from '@giftmesh/mesh-policy/testing';
import { createMeshServer, type MeshServer, type ServerLimits } from '@giftmesh/mesh-server';
import { authorizationPolicy, CertificateFiles, serverCredentials } from './index';
import { CertificateFolder, type IssuedCertificate, type TestAuthority } from './testing';

const PROTO = `
  syntax = "proto3";
  package shop.v1;
  import "google/protobuf/descriptor.proto";
  message Policy { repeated string callers = 3; }
  extend google.protobuf.MethodOptions { Policy policy = 50001; }
  message M { string text = 1; }
  service Shop {
    rpc Buy(M) returns (M) { option (policy) = {callers: ["front", "billing.example.com"]}; }
    rpc Watch(M) returns (stream M) { option (policy) = {callers: "front"}; }
    rpc Audit(M) returns (M);
  }
`;

interface Message {
  readonly text: string;
}
type Method<Stream extends boolean> = MethodDefinition<Message, Message> & {
  readonly requestStream: false;
  readonly responseStream: Stream;
};
const descriptors = compileProto(PROTO);
/** A service with a method for each rule about callers. */
export const shop = describedDefinition(readRegistry(descriptors), 'shop.v1.Shop') as unknown as {
  readonly buy: Method<false>;
  readonly watch: Method<true>;
  readonly audit: Method<false>;
};

/** How often certificate files are looked at, milliseconds. */
export const INTERVAL_MS = 20;

const opened: (() => unknown)[] = [];
/** What `closeAll` has to end. */
export function atEnd(close: () => unknown): void {
  opened.push(close);
}
/** Ends what the test started, the latest first. */
export async function closeAll(): Promise<void> {
  for (const close of opened.splice(0).reverse()) await close();
}

/** Certificate files of somebody. */
export async function openFiles(issued: IssuedCertificate, ca: string, onReload: () => void = () => undefined) {
  const path = mkdtempSync(join(tmpdir(), 'mesh-tls-'));
  atEnd(() => rmSync(path, { recursive: true }));
  const folder = new CertificateFolder(path, issued, ca);
  const files = await CertificateFiles.open({ ...folder.paths, intervalMs: INTERVAL_MS, onReload });
  atEnd(() => files.stop());
  return { folder, files };
}

/** A shop that shows a certificate; `watch` tells "0", "1" and so on, and goes on until its caller leaves. */
export async function startShop(issued: IssuedCertificate, authority: TestAuthority, limits: ServerLimits = {}) {
  const { folder, files } = await openFiles(issued, authority.certificate);
  const policy = authorizationPolicy({ own: () => files.identity });
  const server: MeshServer = createMeshServer({
    services: [
      service(shop, {
        buy: ({ text }) => ({ text }),
        audit: ({ text }) => ({ text }),
        async *watch() {
          for (let index = 0; ; index += 1) {
            yield { text: String(index) };
            await new Promise((resolve) => setTimeout(resolve, 10));
          }
        },
      }),
    ],
    descriptors,
    policyExtension: 'shop.v1.policy',
    errorDomain: 'shop.test',
    credentials: serverCredentials(files),
    policies: [policy],
    limits,
  });
  atEnd(() => server.close());
  const port = await server.listen('127.0.0.1:0');
  return { server, folder, files, policy, port, address: `127.0.0.1:${port}` };
}

/** One unary call on a connection of its own: `OK`, or the error. */
export function callOnce(
  address: string,
  credentials: ChannelCredentials,
  path = shop.buy.path,
): Promise<'OK' | ServiceError> {
  const client = new Client(address, credentials, {
    'grpc.ssl_target_name_override': 'shop',
    'grpc.use_local_subchannel_pool': 1,
  });
  const bytes = (value: Buffer): Buffer => value;
  return new Promise((resolve) => {
    client.makeUnaryRequest(path, bytes, bytes, Buffer.alloc(0), { deadline: Date.now() + 10_000 }, (error) => {
      client.close();
      resolve(error ?? 'OK');
    });
  });
}

/** A bare TLS connection, for a look at what a server shows. */
export async function connectTls(
  port: number,
  shown: IssuedCertificate,
  authority: TestAuthority,
  session?: Buffer,
): Promise<TLSSocket> {
  const socket = connect({
    port,
    host: '127.0.0.1',
    ca: authority.certificate,
    cert: shown.certificate,
    key: shown.privateKey,
    ALPNProtocols: ['h2'],
    checkServerIdentity: () => undefined,
    ...(session === undefined ? {} : { session }),
  });
  atEnd(() => socket.destroy());
  await new Promise((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.once('error', reject);
  });
  return socket;
}
