import { Metadata, type Client } from '@grpc/grpc-js';
import type { CallOptions, Connection, MeshClients } from '@giftmesh/test-harness';

/** What the tests start processes with that take load tests, and what their load tests show at the edge. */
export const STRESS_TOKEN = 'token-of-the-load-tests';
export const STRESS_SHADOW = { GIFTMESH_STRESS: 'shadow', GIFTMESH_STRESS_TOKEN: STRESS_TOKEN } as const;
/** As `STRESS_SHADOW`, for processes that no stranger calls. */
export const STRESS_INSIDE = { GIFTMESH_STRESS: 'shadow' } as const;
/** A call of a load test, where callers are believed. */
export const STRESS_BAGGAGE = { baggage: 'mesh.stress=1' } as const;
/** A call of a load test, where strangers call. */
export const STRESS_AT_EDGE = { 'x-mesh-stress': STRESS_TOKEN } as const;

/** The same services as a load test calls them: every call has the mark, or what gives it one at the edge. */
export function stressClients({ interaction, station, da }: MeshClients): MeshClients {
  return {
    interaction: marked(interaction, STRESS_AT_EDGE),
    station: marked(station, STRESS_BAGGAGE),
    da: marked(da, STRESS_BAGGAGE),
  };
}

type AnyCall = (request: unknown, options?: CallOptions) => Promise<unknown>;
type AnyStream = (...args: readonly unknown[]) => unknown;

function marked<C extends Client>(connection: Connection<C>, mark: Readonly<Record<string, string>>): Connection<C> {
  const calls = connection.call as Readonly<Record<string, AnyCall>>;
  const streams = connection.client as unknown as Readonly<Record<string, AnyStream>>;
  const call = new Proxy(connection.call, {
    get:
      (_, name) =>
      (request: unknown, options: CallOptions = {}) =>
        calls[String(name)]?.(request, { ...options, metadata: { ...mark, ...options.metadata } }),
  });
  // Of the client itself, tests use streams only: a request where the method takes one, and nothing behind it.
  const client = new Proxy(connection.client, {
    get:
      (target, name) =>
      (...request: readonly unknown[]) => {
        const metadata = new Metadata();
        for (const [key, value] of Object.entries(mark)) metadata.set(key, value);
        return streams[String(name)]?.call(target, ...request, metadata);
      },
  });
  return { address: connection.address, client, call, close: () => connection.close() };
}
