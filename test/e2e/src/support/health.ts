import { type Client, Metadata, type ClientReadableStream } from '@grpc/grpc-js';
import type { Connection } from '@giftmesh/test-harness';
import { CallError } from '@giftmesh/test-harness';

/** `grpc.health.v1.HealthCheckResponse.ServingStatus`. */
export const HEALTH = { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 } as const;

export const SERVICE_NAMES = {
  interaction: 'giftmesh.interaction.v1.InteractionService',
  station: 'giftmesh.payment.station.v1.PaymentStationService',
  da: 'giftmesh.payment.da.v1.PaymentDaService',
} as const;

/** HealthCheckRequest {service = 1} by hand: the tests trust no codec of ours for it. Names are shorter than 128 bytes. */
const requestBytes = (service: string): Buffer =>
  service === '' ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, service.length]), Buffer.from(service)]);

/** HealthCheckResponse {status = 1}. */
const statusOf = (bytes: Buffer): number => (bytes.length === 0 ? 0 : (bytes[1] ?? 0));

/** grpc.health.v1.Health/Check. */
export function checkHealth({ client }: Connection<Client>, service: string): Promise<number> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      '/grpc.health.v1.Health/Check',
      requestBytes,
      statusOf,
      service,
      new Metadata(),
      { deadline: Date.now() + 5_000 },
      (error, status) => (error === null ? resolve(status ?? 0) : reject(new CallError(error))),
    );
  });
}

/** grpc.health.v1.Health/Watch. */
export function watchHealth({ client }: Connection<Client>, service: string): ClientReadableStream<number> {
  return client.makeServerStreamRequest('/grpc.health.v1.Health/Watch', requestBytes, statusOf, service);
}
