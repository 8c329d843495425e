import { balancingOptions, type Balancing } from '../variants/balancing';
import { clientPolicies, type ClientPolicyContext, type ClientPolicySet } from '../variants/client-policies';
import type { BenchClient } from './bench-client';
import { MeshClient } from './mesh-client';
import { PlainClient } from './plain-client';

/** A client as plain data, so that it can be sent to a process. */
export interface ClientSpec {
  /** `plain`: grpc-js as it comes. `mesh`: ours, with a set of policies. */
  readonly kind: 'plain' | 'mesh';
  /** Policies of a `mesh` client; none by default. */
  readonly policies?: ClientPolicySet;
  /** Whether it hedges: one layer of several should, since their shares multiply. Default false. */
  readonly hedges?: boolean;
  /** What grpc-js resolves: `host:port`, or `ipv4:host:port,host:port`. */
  readonly target: string;
  /** Connections that share nothing, used in turn; 1 by default. */
  readonly connections?: number;
  /** How calls are spread where the target has several backends; grpc-js's default by default. */
  readonly balancing?: Balancing;
}

/** Makes the client that a spec describes. */
export function benchClient(
  { kind, policies, hedges = false, target, connections = 1, balancing }: ClientSpec,
  context?: ClientPolicyContext,
): BenchClient {
  const options = {
    target,
    connections,
    ...(balancing === undefined ? {} : { channelOptions: balancingOptions(balancing) }),
  };
  if (kind === 'plain') return new PlainClient(options);
  return new MeshClient({ ...options, policies: clientPolicies(policies ?? 'none', hedges, context) });
}
