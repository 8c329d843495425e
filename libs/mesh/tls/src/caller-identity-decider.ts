import { parseAltNames } from './alt-names-decider';

/** Who somebody is by a certificate that was verified. */
export type CallerIdentity = SpiffeIdentity | DnsIdentity | NoIdentity;

/** A SPIFFE ID: `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT` in Kubernetes, other paths elsewhere. */
export interface SpiffeIdentity {
  readonly kind: 'spiffe';
  /** The whole ID. */
  readonly id: string;
  readonly trustDomain: string;
  /** Undefined where the path is not that of Kubernetes. */
  readonly workload: { readonly namespace: string; readonly serviceAccount: string } | undefined;
}

/** DNS names, of a certificate that has no SPIFFE ID. */
export interface DnsIdentity {
  readonly kind: 'dns';
  /** Lower case, without wildcards, at least one. */
  readonly names: readonly string[];
}

/** A certificate that names nobody, or none at all. */
export interface NoIdentity {
  readonly kind: 'none';
  readonly problem: string;
}

/** The longest SPIFFE ID, bytes (SPIFFE-ID, section 2.3). */
const SPIFFE_ID_LENGTH_MAX = 2_048;
const SPIFFE_ID = /^spiffe:\/\/([a-z0-9._-]{1,255})((?:\/[A-Za-z0-9._-]+)*)$/;
const WORKLOAD_PATH = /^\/ns\/([^/]+)\/sa\/([^/]+)$/;
const DNS_NAME = /^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/;

/**
 * Who somebody is by the subject alternative names of a certificate, as Node writes them; undefined where there was no certificate. A
 * SPIFFE ID comes first; one that is malformed, or not the only URI, is no identity at all (X509-SVID, section 2), whatever else stands
 * there. DNS names come second.
 */
export function callerIdentity(altNames: string | undefined): CallerIdentity {
  if (altNames === undefined) return none('no certificate, or one without subject alternative names');
  const names = parseAltNames(altNames);
  if (names === undefined) return none('subject alternative names that cannot be read');
  const uris = names.filter(({ type }) => type === 'URI').map(({ value }) => value);
  if (uris.some((uri) => /^spiffe:/i.test(uri))) {
    return uris.length === 1 ? spiffeIdentity(uris[0] as string) : none('several URIs beside a SPIFFE ID');
  }
  const dns = names.filter(({ type }) => type === 'DNS').map(({ value }) => value.toLowerCase());
  const hosts = dns.filter((name) => DNS_NAME.test(name));
  return hosts.length === 0 ? none('neither a SPIFFE ID nor a DNS name') : { kind: 'dns', names: hosts };
}

function spiffeIdentity(id: string): SpiffeIdentity | NoIdentity {
  const match = id.length > SPIFFE_ID_LENGTH_MAX ? null : SPIFFE_ID.exec(id);
  if (match === null) return none('a malformed SPIFFE ID');
  const [, trustDomain = '', path = ''] = match;
  // Segments that mean something to whoever resolves paths.
  if (path.split('/').some((segment) => segment === '.' || segment === '..')) return none('a malformed SPIFFE ID');
  const workload = WORKLOAD_PATH.exec(path);
  return {
    kind: 'spiffe',
    id,
    trustDomain,
    workload:
      workload === null ? undefined : { namespace: workload[1] as string, serviceAccount: workload[2] as string },
  };
}

function none(problem: string): NoIdentity {
  return { kind: 'none', problem };
}
