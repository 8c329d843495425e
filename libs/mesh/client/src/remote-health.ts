import { ServingStatus, healthDefinition } from '@giftmesh/mesh-health';
import { createClient } from './client';
import type { Transport } from './transport';

/** The longest wait for an answer about health, milliseconds. */
const TIMEOUT_MS = 1_000;

/**
 * A check of a service behind a transport, for `pollDependency`: resolves to undefined while its `grpc.health.v1.Health` says
 * SERVING, else to why it does not count as there.
 */
export function remoteHealth(transport: Transport, service: string): () => Promise<string | undefined> {
  const client = createClient(healthDefinition(), transport);
  return async () => {
    const { status } = await client.check({ service }, { timeoutMs: TIMEOUT_MS });
    if (status === ServingStatus.SERVING) return undefined;
    const name = Object.entries(ServingStatus).find(([, value]) => value === status)?.[0] ?? String(status);
    return `${service} says ${name}`;
  };
}
