import { SimulatedClock } from '@giftmesh/kernel-time';
import { service, type Around, type Handlers, type ServerPolicy } from '@giftmesh/mesh-context';
import { methodPolicies } from '@giftmesh/mesh-policy';
import { ServiceHost, type ServiceHostOptions } from '../service-host';
import { compileEcho, type EchoDefinition, type SayResponse } from './echo';

const echo = compileEcho();
const policies = methodPolicies(echo.descriptors, { extension: echo.policyExtension });
/** Paths of the echo service. */
export const SAY = '/mesh.testing.v1.Echo/Say';
/** See `SAY`. */
export const REPEAT = '/mesh.testing.v1.Echo/Repeat';
/** A handler that no call of a test may reach, or that throws what was not meant for callers. */
export const unused = (): never => {
  throw new Error('not for this test');
};
/** An answer. */
export const ok: SayResponse = { text: 'ok', index: 0 };

/** Policies of nothing but an `around`. */
export const arounds = (...all: Around[]): ServerPolicy[] => all.map((around) => ({ name: 'test', around }));

/** The echo service on a host with a simulated clock: how to call it, and what was reported as internal. */
export function hosted(handlers: Partial<Handlers<EchoDefinition>>, options: Partial<ServiceHostOptions> = {}) {
  const clock = new SimulatedClock();
  const internal: unknown[] = [];
  const all = { say: unused, repeat: unused, collect: unused, chat: unused, ...handlers };
  const host = new ServiceHost({
    services: [service(echo.definition, all)],
    clock,
    methodPolicies: policies,
    onInternalError: (thrown, method) => internal.push([thrown, method]),
    ...options,
  });
  const open = (path: string, arrival: Parameters<ServiceHost['open']>[1] = {}) => {
    const method = host.method(path);
    if (method === undefined) throw new Error(path);
    return { method, context: host.open(method, arrival) };
  };
  return {
    clock,
    host,
    internal,
    say: (arrival = {}, input: () => unknown = () => ({ text: 'x' })) => {
      const { method, context } = open(SAY, arrival);
      return { context, answer: host.call(method, context, input) };
    },
    repeat: (arrival = {}) => {
      const { method, context } = open(REPEAT, arrival);
      return { context, answers: host.stream(method, context, () => ({ text: 'x' })) };
    },
  };
}
