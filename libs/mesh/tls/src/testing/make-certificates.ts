import { createHash, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { bitString, der, ia5, integer, isTrue, objectId, octetString, sequence, set, utcTime, utf8String } from './der';

const HOUR_MS = 3_600_000;

/** Times of a certificate, Unix milliseconds. */
export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Whom a certificate names. */
export interface IssueOptions extends Partial<Validity> {
  /** Subject alternative names, all of one certificate. Default none. */
  readonly uris?: readonly string[];
  readonly dns?: readonly string[];
  /** IPv4. */
  readonly ips?: readonly string[];
}

/** A certificate with its key, PEM. */
export interface IssuedCertificate {
  readonly certificate: string;
  readonly privateKey: string;
}

/** An authority for tests and examples; its key lives as long as the object. */
export interface TestAuthority {
  /** Its own certificate, PEM: what those trust who trust it. */
  readonly certificate: string;
  /** Issues a certificate for servers and clients. Default times are the authority's. */
  issue(options: IssueOptions): IssuedCertificate;
  /** Issues one for a service account, `spiffe://giftmesh.test/ns/NAMESPACE/sa/NAME`. */
  issueWorkload(name: string, options?: IssueOptions & { readonly namespace?: string }): IssuedCertificate;
}

/**
 * Makes an authority that signs with ECDSA over P-256: for tests and examples only, since nothing guards its key and nothing can be revoked.
 * @param nowMs Unix milliseconds. Certificates are valid from an hour before until an hour after, unless something else is asked for.
 */
export function makeAuthority(nowMs: number, name = 'Authority for tests'): TestAuthority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const usual: Validity = { notBeforeMs: nowMs - HOUR_MS, notAfterMs: nowMs + HOUR_MS };
  const issuer = { name, key: keys.privateKey };
  let serial = 1;
  const issue = ({ uris = [], dns = [], ips = [], ...validity }: IssueOptions): IssuedCertificate => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    serial += 1;
    const names = [
      ...dns.map((text) => ia5(2, text)),
      ...uris.map((text) => ia5(6, text)),
      ...ips.map((text) => der(0x87, ipBytes(text))),
    ];
    const extensions = [
      extension('2.5.29.15', bitString(Buffer.from([0x80]), 7), true),
      extension('2.5.29.37', sequence(objectId('1.3.6.1.5.5.7.3.1'), objectId('1.3.6.1.5.5.7.3.2'))),
      ...(names.length === 0 ? [] : [extension('2.5.29.17', sequence(...names))]),
    ];
    const times = { ...usual, ...validity };
    return {
      certificate: certificate({ issuer, subject: 'workload', serial, times, publicKey, extensions }),
      privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
  };
  return {
    certificate: certificate({
      issuer,
      subject: name,
      serial: 1,
      times: usual,
      publicKey: keys.publicKey,
      extensions: [
        extension('2.5.29.19', sequence(isTrue()), true),
        extension('2.5.29.15', bitString(Buffer.from([0x06]), 1), true),
      ],
    }),
    issue,
    issueWorkload: (workload, { namespace = 'giftmesh', ...options } = {}) =>
      issue({ uris: [`spiffe://giftmesh.test/ns/${namespace}/sa/${workload}`], ...options }),
  };
}

interface CertificateParts {
  readonly issuer: { readonly name: string; readonly key: KeyObject };
  readonly subject: string;
  readonly serial: number;
  readonly times: Validity;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Buffer[];
}

/** A certificate by RFC 5280, signed, in PEM. */
function certificate({ issuer, subject, serial, times, publicKey, extensions }: CertificateParts): string {
  const ecdsaWithSha256 = sequence(objectId('1.2.840.10045.4.3.2'));
  const issuerKeyId = keyId(createPublicKey(issuer.key));
  const body = sequence(
    der(0xa0, integer(2)),
    integer(serial),
    ecdsaWithSha256,
    commonName(issuer.name),
    sequence(utcTime(times.notBeforeMs), utcTime(times.notAfterMs)),
    commonName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(
      0xa3,
      sequence(
        ...extensions,
        extension('2.5.29.14', octetString(keyId(publicKey))),
        // Tells authorities of one name apart.
        extension('2.5.29.35', sequence(der(0x80, issuerKeyId))),
      ),
    ),
  );
  const signed = sequence(body, ecdsaWithSha256, bitString(sign('sha256', body, issuer.key)));
  const lines = signed.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function extension(id: string, value: Buffer, isCritical = false): Buffer {
  return sequence(objectId(id), ...(isCritical ? [isTrue()] : []), octetString(value));
}

function commonName(text: string): Buffer {
  return sequence(set(sequence(objectId('2.5.4.3'), utf8String(text))));
}

function keyId(key: KeyObject): Buffer {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()
    .subarray(0, 20);
}

function ipBytes(text: string): Buffer {
  if (!isIPv4(text)) throw new TypeError(`ips must be IPv4 addresses, got ${text}`);
  return Buffer.from(text.split('.').map(Number));
}
