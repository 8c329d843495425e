import { assertNever } from '@giftmesh/kernel-errors';
import type { CallerIdentity } from './caller-identity-decider';

/**
 * The names by which somebody may be allowed to call, as one who has the identity `own` knows them; the first is for people too:
 *
 * - the short name (`payment-station`), for neighbours only: a service account of one's own trust domain and namespace, or a DNS name with
 *   one's own domain behind its first label. The same service account of another namespace has no short name.
 * - the whole name, always: the SPIFFE ID, or DNS names that have a dot.
 *
 * Who has a SPIFFE ID knows neighbours by theirs alone.
 */
export function callerNames(caller: CallerIdentity, own: CallerIdentity): readonly string[] {
  switch (caller.kind) {
    case 'none':
      return [];
    case 'spiffe': {
      const { workload } = caller;
      const isNeighbour =
        workload !== undefined &&
        own.kind === 'spiffe' &&
        own.trustDomain === caller.trustDomain &&
        own.workload?.namespace === workload.namespace;
      return isNeighbour ? [workload.serviceAccount, caller.id] : [caller.id];
    }
    case 'dns': {
      const domains = own.kind === 'dns' ? own.names.map(domainOf) : [];
      const short = caller.names.filter((name) => domains.includes(domainOf(name))).map(labelOf);
      return [...new Set([...short, ...caller.names.filter((name) => name.includes('.'))])];
    }
    default:
      return assertNever(caller);
  }
}

/** What is behind the first label, with its dot; empty for a name of one label. */
function domainOf(name: string): string {
  const dot = name.indexOf('.');
  return dot === -1 ? '' : name.slice(dot);
}

function labelOf(name: string): string {
  const dot = name.indexOf('.');
  return dot === -1 ? name : name.slice(0, dot);
}
