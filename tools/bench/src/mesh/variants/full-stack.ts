import { service, type MeshServer } from '@giftmesh/mesh-server';
import { startProcessMesh } from '@giftmesh/adapter-telemetry';
import { workDescriptors } from '../work-descriptors';
import { workService } from '../work-service';

const DEADLINE_MS = 10_000;
/** Nobody listens there: spans are made and gathered as in production, and thrown away when they cannot be sent. */
const NO_COLLECTOR = 'http://127.0.0.1:9';

/**
 * The server that suite `overhead` compares with a bare one: all that a service runs on, one trace in a hundred recorded by
 * OpenTelemetry, with handlers that do nothing.
 */
export async function fullStack(): Promise<MeshServer> {
  const echo = (request: Buffer): Buffer => request;
  const { mesh } = await startProcessMesh({
    serviceName: 'bench',
    otlpEndpoint: NO_COLLECTOR,
    log: { info: () => undefined, error: () => undefined },
  });
  return mesh.createServer({
    name: 'bench',
    edge: false,
    services: [service(workService, { pay: echo, gift: echo, enter: echo, browse: echo })],
    descriptors: workDescriptors(DEADLINE_MS),
    errorDomain: 'bench',
  });
}
