import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { callerIdentity, type CallerIdentity } from './caller-identity-decider';

/** What one end of a connection shows and trusts, PEM. */
export interface CertificatePems {
  /** The own certificate, and behind it those that it was issued by, up to the authority. */
  readonly certificate: string;
  readonly privateKey: string;
  /** The authorities whose certificates are trusted. */
  readonly ca: string;
}

/** Certificates that fit together and are valid. */
export interface Certificates extends CertificatePems {
  /** Whom the own certificate names. */
  readonly identity: CallerIdentity;
  /** When the own certificate begins to be valid, Unix milliseconds. */
  readonly validFromMs: number;
  /** When the own certificate expires, Unix milliseconds. */
  readonly validUntilMs: number;
}

/** Certificates that cannot be used. The message says why, and shows nothing of a key. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
}

/** How the parts are called in messages: their files, most often. */
export type CertificateNames = Readonly<Record<keyof CertificatePems, string>>;

/**
 * Checks that certificates can be used now: all of it can be read, the key belongs to the certificate, which is valid and names somebody, and
 * at least one authority is valid. Throws CertificateError.
 */
export function checkCertificates(pems: CertificatePems, names: CertificateNames, nowMs: number): Certificates {
  const [own] = readCertificates(pems.certificate, names.certificate) as [X509Certificate, ...X509Certificate[]];
  if (!own.checkPrivateKey(readKey(pems.privateKey, names.privateKey))) {
    throw new CertificateError(
      `the key in ${names.privateKey} does not belong to the certificate in ${names.certificate}`,
    );
  }
  checkTimes(own, names.certificate, nowMs);
  const identity = callerIdentity(own.subjectAltName);
  if (identity.kind === 'none') {
    throw new CertificateError(
      `the certificate in ${names.certificate} has ${identity.problem}: have it issued with a SPIFFE ID or a DNS name`,
    );
  }
  const authorities = readCertificates(pems.ca, names.ca);
  const wrong = authorities.find(({ ca }) => !ca);
  if (wrong !== undefined)
    throw new CertificateError(`${names.ca} has a certificate that is not an authority's: ${wrong.subject}`);
  if (authorities.every((authority) => validUntilMsOf(authority) <= nowMs)) {
    throw new CertificateError(`all authorities in ${names.ca} have expired`);
  }
  return { ...pems, identity, validFromMs: validFromMsOf(own), validUntilMs: validUntilMsOf(own) };
}

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** All certificates of a PEM text, at least one. A block without an end is a file that is still being written. */
function readCertificates(pem: string, name: string): readonly X509Certificate[] {
  const blocks = pem.match(BLOCK) ?? [];
  const begun = pem.match(/-----BEGIN/g)?.length ?? 0;
  if (begun !== blocks.length) throw new CertificateError(`${name} has something else than whole certificates`);
  if (blocks.length === 0) throw new CertificateError(`${name} has no certificate in PEM`);
  return blocks.map((block) => {
    try {
      return new X509Certificate(block);
    } catch {
      throw new CertificateError(`${name} has a certificate that cannot be read`);
    }
  });
}

function readKey(pem: string, name: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // Without the cause: nothing of a key may be seen.
    throw new CertificateError(`${name} has no private key in PEM without a password`);
  }
}

function checkTimes(certificate: X509Certificate, name: string, nowMs: number): void {
  if (validUntilMsOf(certificate) <= nowMs) {
    throw new CertificateError(`the certificate in ${name} has expired: ${certificate.validTo}`);
  }
  if (validFromMsOf(certificate) > nowMs) {
    throw new CertificateError(`the certificate in ${name} is not valid before ${certificate.validFrom}`);
  }
}

function validFromMsOf(certificate: X509Certificate): number {
  return Date.parse(certificate.validFrom);
}

function validUntilMsOf(certificate: X509Certificate): number {
  return Date.parse(certificate.validTo);
}
