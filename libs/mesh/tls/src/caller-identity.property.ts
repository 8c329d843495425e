import * as fc from 'fast-check';
import { parseAltNames, type AltName } from './alt-names-decider';
import { callerIdentity, callerNames, decideCaller } from './index';

const label = fc.stringMatching(/^[a-z]([a-z-]{0,10}[a-z])?$/);
const workloads = fc.record({ domain: label, namespace: label, account: label });
type Workload = { readonly domain: string; readonly namespace: string; readonly account: string };
const uriOf = ({ domain, namespace, account }: Workload): string => `spiffe://${domain}/ns/${namespace}/sa/${account}`;
const altNames: fc.Arbitrary<AltName[]> = fc.array(
  fc.record({ type: fc.constantFrom('DNS', 'URI', 'IP Address'), value: fc.string({ unit: 'binary' }) }),
  { minLength: 1, maxLength: 4 },
);

/** As Node writes names: quoted where a character could be misread. */
const written = (names: readonly AltName[]): string =>
  names
    .map(({ type, value }) =>
      /^[\x20-\x7e]*$/.test(value) && !/[",'\\]/.test(value)
        ? `${type}:${value}`
        : `${type}:${JSON.stringify(value).replaceAll(',', '\\u002c')}`,
    )
    .join(', ');

describe('identities', () => {
  it('are read as many names as there are, whatever stands in them', () => {
    fc.assert(fc.property(altNames, (names) => expect(parseAltNames(written(names))).toEqual(names)));
  });

  it('never are a SPIFFE ID that is not a URI of the certificate', () => {
    fc.assert(
      fc.property(altNames, workloads, (names, workload) => {
        const hidden = { type: 'DNS', value: `a, URI:${uriOf(workload)}` };
        const identity = callerIdentity(written([...names, hidden]));
        if (identity.kind === 'spiffe') expect(names).toContainEqual({ type: 'URI', value: identity.id });
      }),
    );
  });

  it('never throw, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.array(fc.string()), (text, callers) => {
        const caller = callerIdentity(text);
        const decision = decideCaller({ callers, caller, own: caller });
        expect(decision.kind === 'unidentified').toBe(caller.kind === 'none');
      }),
    );
  });

  it('are allowed by a short name only within one trust domain and namespace', () => {
    fc.assert(
      fc.property(workloads, workloads, fc.boolean(), fc.boolean(), (from, to, sameDomain, sameNamespace) => {
        const caller = {
          ...from,
          domain: sameDomain ? to.domain : from.domain,
          namespace: sameNamespace ? to.namespace : from.namespace,
        };
        const decision = decideCaller({
          callers: [caller.account],
          caller: callerIdentity(`URI:${uriOf(caller)}`),
          own: callerIdentity(`URI:${uriOf(to)}`),
        });
        const isNeighbour = caller.domain === to.domain && caller.namespace === to.namespace;
        expect(decision.kind).toBe(isNeighbour ? 'allowed' : 'forbidden');
      }),
    );
  });

  it('are allowed exactly when one of their names is among the callers', () => {
    fc.assert(
      fc.property(workloads, workloads, fc.array(label), (from, to, callers) => {
        const caller = callerIdentity(`URI:${uriOf(from)}`);
        const own = callerIdentity(`URI:${uriOf(to)}`);
        const named = callerNames(caller, own).some((name) => callers.includes(name));
        expect(decideCaller({ callers, caller, own }).kind).toBe(named ? 'allowed' : 'forbidden');
      }),
    );
  });
});
