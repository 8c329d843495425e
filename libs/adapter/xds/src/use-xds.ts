import { experimental } from '@grpc/grpc-js';
import { ConfigError } from '@giftmesh/kernel-config';
import { BOOTSTRAP_FILE, BOOTSTRAP_TEXT, readBootstrap, type Bootstrap } from './bootstrap';
import { refuseDeadlyRoutes } from './refuse-deadly-routes';
import { isXdsTarget, parseXdsTarget } from './target';

/** A load balancing policy that grpc-js knows as soon as grpc-js-xds is registered with it. */
const POLICY_OF_XDS = 'cds';

/**
 * Makes `xds:` targets work in this process, if any of `targets` is one: reads and checks the bootstrap, loads `@grpc/grpc-js-xds` and
 * registers it with grpc-js. Must be awaited before a channel to such a target is made. Without such a target nothing is read or loaded
 * (it takes a second of CPU and 60 MB), and the answer is undefined. May be called again.
 *
 * @param targets where the process's channels go, by the names of the settings that say it; the names are for messages only.
 * @returns the bootstrap that is in force, to be logged.
 * @throws ConfigError for a malformed target, for a missing or wrong bootstrap, and for an authority that the bootstrap does not have.
 */
export async function useXds(targets: Readonly<Record<string, string>>): Promise<Bootstrap | undefined> {
  const wanted = Object.entries(targets).filter(([, target]) => isXdsTarget(target));
  if (wanted.length === 0) return undefined;
  const bootstrap = readBootstrap(process.env);
  const problems = wanted.flatMap(([name, target]) => problemOf(name, target, bootstrap));
  if (problems.length > 0) throw new ConfigError(problems);
  await (registration ??= register());
  return bootstrap;
}

/** grpc-js-xds registers itself for the process, and so do we. */
let registration: Promise<void> | undefined;

async function register(): Promise<void> {
  const xds = await import('@grpc/grpc-js-xds');
  xds.register();
  await refuseDeadlyRoutes();
  if (!experimental.isLoadBalancerNameRegistered(POLICY_OF_XDS)) {
    throw new Error('there are two copies of @grpc/grpc-js: @grpc/grpc-js-xds has registered itself with another one');
  }
}

function problemOf(name: string, target: string, bootstrap: Bootstrap | undefined): readonly string[] {
  const parsed = parseXdsTarget(target);
  if (parsed === undefined) return [`${name} is ${JSON.stringify(target)}: must look like xds:///name`];
  if (bootstrap === undefined) {
    return [
      `${name} is ${target}, which needs a control plane: let ${BOOTSTRAP_FILE} name a bootstrap file, or ${BOOTSTRAP_TEXT} hold its JSON` +
        ' (gRFC A27), for instance {"xds_servers":[{"server_uri":"127.0.0.1:18000","channel_creds":[{"type":"insecure"}],"server_features":["ignore_resource_deletion"]}],' +
        '"node":{"id":"interaction-0","locality":{}}}',
    ];
  }
  if (parsed.authority !== undefined && !bootstrap.authorities.includes(parsed.authority)) {
    return [`${name} is ${target}, but ${bootstrap.variable} has no authority ${JSON.stringify(parsed.authority)}`];
  }
  return [];
}
