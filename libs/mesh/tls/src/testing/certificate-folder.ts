import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CertificateFilePaths } from '../certificate-files';
import type { IssuedCertificate } from './make-certificates';

/** Certificate, key and authorities as files in a folder, which can be replaced while they are in use. */
export class CertificateFolder {
  readonly paths: CertificateFilePaths;

  constructor(folder: string, issued: IssuedCertificate, ca: string) {
    this.paths = {
      certificateFile: join(folder, 'tls.crt'),
      privateKeyFile: join(folder, 'tls.key'),
      caFile: join(folder, 'ca.crt'),
    };
    this.replace(issued, ca);
  }

  /** Puts others in their places: each file at once, but one after the other. */
  replace(issued: IssuedCertificate, ca?: string): void {
    this.write('certificateFile', issued.certificate);
    this.write('privateKeyFile', issued.privateKey);
    if (ca !== undefined) this.write('caFile', ca);
  }

  /** Writes one file alone. */
  write(file: keyof CertificateFilePaths, text: string): void {
    writeFileSync(`${this.paths[file]}.new`, text, { mode: 0o600 });
    renameSync(`${this.paths[file]}.new`, this.paths[file]);
  }
}
