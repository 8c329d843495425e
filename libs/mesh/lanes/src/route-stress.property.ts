import fc from 'fast-check';
import { systemClock } from '@giftmesh/kernel-time';
import { CallContext, runInCall, service, type Handlers, type ServiceDefinition } from '@giftmesh/mesh-context';
import { CallMarks, markCall, readMarks, routeStress, STRESS_KEY } from './index';

const bytes = (value: Buffer): Buffer => value;
const method = (name: string, requestStream: boolean, responseStream: boolean) => ({
  path: `/shop.Shop/${name}`,
  requestStream,
  responseStream,
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
});
const names = fc.uniqueArray(fc.stringMatching(/^[a-z][A-Za-z]{0,11}$/), { minLength: 1, maxLength: 8 });
const definitions = names.chain((all) =>
  fc
    .tuple(...all.map(() => fc.tuple(fc.boolean(), fc.boolean())))
    .map((kinds): ServiceDefinition => Object.fromEntries(all.map((name, i) => [name, method(name, ...kinds[i]!)]))),
);
const policy = {
  deadlineMs: undefined,
  priority: 0,
  idempotency: 'unknown',
  requestStream: false,
  responseStream: false,
} as const;
/** Undefined: outside of any call. */
const marks = fc.option(
  fc.oneof(
    fc.record({ lane: fc.constantFrom('base', 'blue'), stress: fc.boolean() }).map((each) => new CallMarks(each)),
    fc.constantFrom('1', '0', 'yes', '', '%31', '1;ttl=1').map((value) => readMarks(`${STRESS_KEY}=${value}`).marks),
  ),
  { nil: undefined },
);

/** Handlers that say whose they are. */
function handlersOf(definition: ServiceDefinition, side: string): Handlers<ServiceDefinition> {
  const own = { side };
  // Methods that need their object, as those of classes do.
  for (const name of Object.keys(definition))
    Object.defineProperty(own, name, {
      value(this: { side: string }, input: unknown) {
        return [this.side, name, input];
      },
    });
  return own as unknown as Handlers<ServiceDefinition>;
}

describe('routeStress', () => {
  it('gives every method of a call with the mark to the shadow, and of each other call to the real one', () => {
    fc.assert(
      fc.property(definitions, marks, fc.string(), (definition, given, input) => {
        const routed = routeStress(definition, handlersOf(definition, 'real'), handlersOf(definition, 'shadow'));
        expect(Object.keys(routed).sort()).toEqual(Object.keys(definition).sort());
        const { handlers } = service(definition, routed);
        for (const name of Object.keys(definition)) {
          const call = new CallContext({ method: `/shop.Shop/${name}`, policy, clock: systemClock });
          if (given !== undefined) markCall(call, given);
          const side = given?.stress === true ? 'shadow' : 'real';
          expect(runInCall(call, () => handlers[name]?.(input))).toEqual([side, name, input]);
          expect(handlers[name]?.(input)).toEqual(['real', name, input]);
        }
      }),
    );
  });

  it('gives all calls to the real one without a shadow', () => {
    fc.assert(
      fc.property(definitions, (definition) => {
        const { handlers } = service(definition, routeStress(definition, handlersOf(definition, 'real'), undefined));
        const call = new CallContext({ method: '/x/Y', policy, clock: systemClock });
        markCall(call, { stress: true });
        for (const name of Object.keys(definition))
          expect(runInCall(call, () => handlers[name]?.(1))).toEqual(['real', name, 1]);
      }),
    );
  });

  it('refuses sides that lack a method', () => {
    const definition = { buy: method('Buy', false, false), sell: method('Sell', false, true) };
    const whole = handlersOf(definition, 'whole') as Handlers<typeof definition>;
    const half = { buy: () => Buffer.alloc(0) } as unknown as Handlers<typeof definition>;
    expect(() => routeStress(definition, half, whole)).toThrow('/shop.Shop/Sell');
    expect(() => routeStress(definition, whole, half)).toThrow('/shop.Shop/Sell');
    expect(() => routeStress(definition, half, undefined)).toThrow('/shop.Shop/Sell');
  });
});
