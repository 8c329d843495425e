import { contractDescriptors, station } from '@giftmesh/contract';
import type { Counters } from '@giftmesh/domain-money';
import { StatusError } from '@giftmesh/kernel-errors';
import { createClient, grpcTransport } from '@giftmesh/mesh-client';
import { methodPolicies } from '@giftmesh/mesh-policy';
import { countersFromProto } from '@giftmesh/wire-money';

/** The most users of one question: the contract's limit. */
export const USERS_PER_CALL = 1000;
const TIMEOUT_MS = 5_000;

/** What a running station has in memory. */
export interface StationClient {
  readonly address: string;
  /** Why nobody answers; undefined when somebody does. */
  problem(): Promise<string | undefined>;
  /** Accounts of up to {@link USERS_PER_CALL} users; those not in memory are absent. */
  cached(userIds: readonly bigint[]): Promise<readonly Counters[]>;
  close(): void;
}

/** Connects with the first call. */
export function stationClient(address: string): StationClient {
  const transport = grpcTransport({ address });
  const client = createClient(station.PaymentStationServiceService, transport, {
    methodPolicies: methodPolicies(contractDescriptors()),
  });
  const cached = async (userIds: readonly bigint[]): Promise<readonly Counters[]> => {
    const { users } = await client.getAssets({ userIds: [...userIds], cachedOnly: true }, { timeoutMs: TIMEOUT_MS });
    return users.flatMap(({ assets }) =>
      assets.flatMap(({ counters }) => (counters === undefined ? [] : [countersFromProto(counters)])),
    );
  };
  return {
    address,
    cached,
    problem: async () => {
      try {
        await cached([1n]);
        return undefined;
      } catch (error) {
        return error instanceof StatusError ? error.message : String(error);
      }
    },
    close: () => transport.close(),
  };
}
