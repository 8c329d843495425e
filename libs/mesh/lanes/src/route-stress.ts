import { service, type Handlers, type ServiceDefinition } from '@giftmesh/mesh-context';
import { isStress } from './marks';

type AnyHandler = (input: unknown) => unknown;

/**
 * Handlers that give each call of a load test to `shadow`, and each other call to `real`: every method of the definition, streams too, and
 * a stream stays where it began. Without `shadow` all go to `real`, which has to refuse what it must not do for a load test.
 * Throws TypeError, with the method's name, when a handler is missing on either side.
 */
export function routeStress<D extends ServiceDefinition>(
  definition: D,
  real: Handlers<D>,
  shadow: Handlers<D> | undefined,
): Handlers<D> {
  const reals = service(definition, real).handlers;
  if (shadow === undefined) return reals as Handlers<D>;
  const shadows = service(definition, shadow).handlers;
  const routed = Object.keys(definition).map((name) => {
    const [forReal, forShadow] = [reals[name] as AnyHandler, shadows[name] as AnyHandler];
    return [name, (input: unknown) => (isStress() ? forShadow(input) : forReal(input))];
  });
  return Object.fromEntries(routed) as Handlers<D>;
}
