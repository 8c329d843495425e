import { currentCall, type PolicyState } from '@giftmesh/mesh-context';
import { createMeshServer, service } from '@giftmesh/mesh-server';
import { controllerPolicies, type ControllerContext, type ControllerName } from '../variants/controllers';
import { workDescriptors } from '../work-descriptors';
import { workService } from '../work-service';
import type { Work } from './work';

/** The most that a call may take, whatever its caller says. */
const METHOD_DEADLINE_MS = 60_000;

/** A server that listens. */
export interface ListeningMesh {
  readonly port: number;
  /** What its policies have in mind, by name. */
  states(): Readonly<Record<string, PolicyState>>;
}

/** Serves work on our server under a controller. */
export async function listenMesh(
  work: Work,
  controller: ControllerName,
  context: ControllerContext,
): Promise<ListeningMesh> {
  const policies = controllerPolicies(controller, context);
  const handler = (request: Buffer): Buffer | Promise<Buffer> => {
    const call = currentCall();
    if (call === undefined) throw new Error('a handler runs outside a call');
    const working = work(call);
    return working === undefined ? request : working.then(() => request);
  };
  const server = createMeshServer({
    services: [service(workService, { pay: handler, gift: handler, enter: handler, browse: handler })],
    descriptors: workDescriptors(METHOD_DEADLINE_MS),
    errorDomain: 'bench',
    policies,
    onInternalError: (thrown, method) => console.error(method, thrown),
  });
  const port = await server.listen('127.0.0.1:0');
  return {
    port,
    states: () => Object.fromEntries(policies.map((policy) => [policy.name, policy.state?.() ?? {}])),
  };
}
