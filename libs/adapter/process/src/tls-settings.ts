import { ConfigError, shape } from '@giftmesh/kernel-config';
import type { CertificateFilePaths } from '@giftmesh/mesh-tls';
import { unlessNone } from './settings';

const HEALTH_ADDRESS = {
  pattern: /^(none|(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):\d{1,5})$/,
  like: '0.0.0.0:7011, or none',
};

/** Settings of processes whose calls can be mTLS. */
export const tlsSettings = {
  /** The own certificate, PEM, and behind it those between it and the authority. Looked at for others every second. */
  GIFTMESH_TLS_CERT_FILE: shape.text('none'),
  /** Its key, PEM, without a password. */
  GIFTMESH_TLS_KEY_FILE: shape.text('none'),
  /** The authorities that are trusted, PEM. */
  GIFTMESH_TLS_CA_FILE: shape.text('none'),
  /** Where health alone is served, without TLS: for the probes of Kubernetes, which show no certificate. */
  GIFTMESH_HEALTH_ADDRESS: shape.matching(HEALTH_ADDRESS, 'none'),
  /** How long a connection lives before its client has to make another, milliseconds; 0 for half an hour with certificates, else for ever. */
  GIFTMESH_MAX_CONNECTION_AGE_MS: shape.integer(0, 86_400_000, 0),
};

/** What was read of `tlsSettings`. */
export interface TlsConfig {
  readonly GIFTMESH_TLS_CERT_FILE: string;
  readonly GIFTMESH_TLS_KEY_FILE: string;
  readonly GIFTMESH_TLS_CA_FILE: string;
  readonly GIFTMESH_HEALTH_ADDRESS: string;
  readonly GIFTMESH_MAX_CONNECTION_AGE_MS: number;
}

/** The files of a process that is told of certificates, undefined for one that is not. Throws ConfigError when only some are named. */
export function certificateFilesOf(config: TlsConfig): CertificateFilePaths | undefined {
  const files = {
    GIFTMESH_TLS_CERT_FILE: unlessNone(config.GIFTMESH_TLS_CERT_FILE),
    GIFTMESH_TLS_KEY_FILE: unlessNone(config.GIFTMESH_TLS_KEY_FILE),
    GIFTMESH_TLS_CA_FILE: unlessNone(config.GIFTMESH_TLS_CA_FILE),
  };
  const {
    GIFTMESH_TLS_CERT_FILE: certificateFile,
    GIFTMESH_TLS_KEY_FILE: privateKeyFile,
    GIFTMESH_TLS_CA_FILE: caFile,
  } = files;
  if (certificateFile !== undefined && privateKeyFile !== undefined && caFile !== undefined) {
    return { certificateFile, privateKeyFile, caFile };
  }
  const missing = Object.entries(files).flatMap(([name, file]) => (file === undefined ? [name] : []));
  if (missing.length === Object.keys(files).length) return undefined;
  throw new ConfigError([
    `${Object.keys(files).join(', ')} belong together: set all of them, or none; not set: ${missing.join(', ')}`,
  ]);
}
