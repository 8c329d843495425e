import { constants } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';
import { ServerCredentials } from '@grpc/grpc-js';
import type { CertificateFiles } from './certificate-files';
import type { Certificates } from './certificates';

/**
 * Credentials of a server that shows the certificate in force, and takes only clients with one of a trusted authority. When others are put in
 * force, new connections get them; connections that there are go on, each until its end (see `maxConnectionAgeMs` of mesh-server).
 */
export function serverCredentials(files: CertificateFiles): ServerCredentials {
  return new FileServerCredentials(files);
}

/**
 * Not made by grpc-js's certificate providers: those drop connections until the first update has come, change authority and certificate in two
 * steps, and leave session tickets on.
 */
class FileServerCredentials extends ServerCredentials {
  constructor(files: CertificateFiles) {
    super({ requestCert: true, rejectUnauthorized: true }, contextOptions(files.current));
    files.subscribe((certificates) => this.updateSecureContextOptions(contextOptions(certificates)));
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

function contextOptions({ certificate, privateKey, ca }: Certificates): SecureContextOptions {
  return {
    cert: certificate,
    key: privateKey,
    ca,
    minVersion: 'TLSv1.2',
    // A resumed session is not verified again: with tickets, a certificate could be used beyond its time.
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}
