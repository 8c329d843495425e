import { SERVICES, type ServiceName } from './plan';

/** A service that listens. */
export interface RunningService {
  readonly name: string;
  readonly service: ServiceName;
  /** `host:port`. */
  readonly address: string;
}

/** What people want to know when the mesh serves. */
export function meshText(running: readonly RunningService[], folder: string): string {
  const callersFirst = [...SERVICES].reverse().flatMap((service) => running.filter((one) => one.service === service));
  const width = Math.max(...running.map(({ name }) => name.length));
  const rows = callersFirst.map(({ name, address }) => `  ${name.padEnd(width)}   ${address}`);
  const edge = callersFirst.find(({ service }) => service === 'interaction')?.address ?? '';
  return `giftmesh serves (logs in ${folder}/logs):

${rows.join('\n')}

Look around with any gRPC client that knows reflection:

  grpcurl -plaintext ${edge} list
  grpcurl -plaintext -d '{"room_id": 1}' ${edge} giftmesh.interaction.v1.InteractionService/EnterRoom

Stop with Ctrl+C.`;
}
