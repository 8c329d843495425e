import { CertificateError, checkCertificates, type CertificatePems } from './index';
import { makeAuthority } from './testing';

const NOW_MS = Date.UTC(2026, 5, 1);
const HOUR_MS = 3_600_000;
const names = { certificate: 'tls.crt', privateKey: 'tls.key', ca: 'ca.crt' };
const authority = makeAuthority(NOW_MS);
const other = makeAuthority(NOW_MS);
const own = authority.issueWorkload('station');
const right: CertificatePems = { ...own, ca: authority.certificate };
const check = (pems: Partial<CertificatePems>, nowMs = NOW_MS) =>
  checkCertificates({ ...right, ...pems }, names, nowMs);
const cut = (text: string): string => text.slice(0, text.length / 2);

describe('checkCertificates', () => {
  it('tells whom the own certificate names, from when, and until when', () => {
    const found = check({});
    expect(found.validFromMs).toBeLessThanOrEqual(NOW_MS);
    expect(found.validFromMs).toBeGreaterThan(NOW_MS - 24 * HOUR_MS);
    expect(found).toMatchObject({
      ...right,
      identity: { id: 'spiffe://giftmesh.test/ns/giftmesh/sa/station' },
      validUntilMs: NOW_MS + HOUR_MS,
    });
  });

  it('takes chains, and several authorities of which one is valid', () => {
    const ca = authority.certificate + other.certificate;
    expect(check({ certificate: own.certificate + authority.certificate, ca }).ca).toBe(ca);
    const old = makeAuthority(NOW_MS - 10 * HOUR_MS).certificate;
    expect(check({ ca: old + authority.certificate }).ca).toContain(old);
    expect(() => check({ ca: old })).toThrow('all authorities in ca.crt have expired');
  });

  it.each<[string, Partial<CertificatePems>, string]>([
    ['an empty file', { certificate: '' }, 'tls.crt has no certificate in PEM'],
    ['half a file', { certificate: cut(own.certificate) }, 'tls.crt has something else than whole certificates'],
    ['half a chain', { certificate: own.certificate + cut(authority.certificate) }, 'whole certificates'],
    ['half a file of authorities', { ca: authority.certificate + cut(other.certificate) }, 'ca.crt has something else'],
    ['a key where a certificate should be', { certificate: own.privateKey }, 'tls.crt has something else'],
    ['noise in PEM', { ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' }, 'cannot be read'],
    ['half a key', { privateKey: cut(own.privateKey) }, 'tls.key has no private key'],
    ['the key of another', { privateKey: other.issueWorkload('a').privateKey }, 'tls.key does not belong'],
    ['the authority behind nobody', { ca: own.certificate }, 'not an authority'],
    ['nobody named', { ...authority.issue({}) }, 'SPIFFE ID or a DNS name'],
  ])('refuses %s', (_what, pems, says) => {
    expect(() => check(pems)).toThrow(CertificateError);
    expect(() => check(pems)).toThrow(says);
  });

  it('refuses what is too late or too early, to the second', () => {
    expect(() => check({}, NOW_MS + HOUR_MS)).toThrow('tls.crt has expired');
    expect(() => check({}, NOW_MS + HOUR_MS - 1)).not.toThrow();
    expect(() => check({}, NOW_MS - HOUR_MS - 1)).toThrow('tls.crt is not valid before');
    expect(() => check({}, NOW_MS - HOUR_MS)).not.toThrow();
  });

  it('shows nothing of a key', () => {
    const privateKey = `${own.privateKey.slice(0, 100)}!`;
    const error = (() => {
      try {
        return check({ privateKey });
      } catch (thrown) {
        return thrown as Error;
      }
    })() as Error;
    expect(JSON.stringify([error.message, error.cause, error.stack])).not.toContain(own.privateKey.slice(40, 60));
  });
});
