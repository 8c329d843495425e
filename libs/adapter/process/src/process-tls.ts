import { ConfigError } from '@giftmesh/kernel-config';
import type { Clock } from '@giftmesh/kernel-time';
import type { HealthRegistry } from '@giftmesh/mesh-health';
import { createMeshServer, type MeshServer, type MeshServerOptions } from '@giftmesh/mesh-server';
import type { MetricsRegistry } from '@giftmesh/mesh-telemetry';
import {
  CertificateError,
  CertificateFiles,
  channelSecurity,
  serverCredentials,
  type AuthorizationOptions,
  type ChannelSecurity,
} from '@giftmesh/mesh-tls';
import { unlessNone } from './settings';
import { certificateFilesOf, type TlsConfig } from './tls-settings';

/** With certificates, a connection must not live for ever: it was verified only when it was made. Half an hour, milliseconds. */
const CONNECTION_AGE_WITH_CERTIFICATES_MS = 1_800_000;

/** Where is told what happens to certificates; pino's loggers fit. */
export interface TlsLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** How a process's calls are secured; without certificates everything here is empty and does nothing. */
export interface ProcessTls {
  /** For `createServer`. */
  readonly server: Pick<MeshServerOptions, 'credentials' | 'limits'> & {
    readonly authorization?: Pick<AuthorizationOptions, 'own'>;
  };
  /** For the `to` of `createChannel`. @param server who must answer there, by the name of its service account. */
  channelTo(server: string): Partial<ChannelSecurity>;
  /** Shows how long the certificate is valid, and what became of others. Call it once. */
  observe(metrics: MetricsRegistry): void;
  /** Serves the health alone, without TLS, where the settings say so. Rejects with ListenError. Call it once. */
  serveHealth(health: HealthRegistry): Promise<void>;
  /** Ends all that. */
  stop(): Promise<void>;
}

/**
 * Opens certificates and all that goes with them, as the settings say. Rejects with ConfigError, which says what to do, when some files are
 * not named or cannot be used: a process does not start with half of its security.
 */
export async function openTls(config: TlsConfig, log: TlsLog, clock: Clock): Promise<ProcessTls> {
  const files = await openFiles(config, log, clock);
  const ageMs =
    config.GIFTMESH_MAX_CONNECTION_AGE_MS || (files === undefined ? 0 : CONNECTION_AGE_WITH_CERTIFICATES_MS);
  const healthAddress = unlessNone(config.GIFTMESH_HEALTH_ADDRESS);
  let healthServer: MeshServer | undefined;
  return {
    server: {
      ...(ageMs === 0 ? {} : { limits: { maxConnectionAgeMs: ageMs } }),
      ...(files === undefined
        ? {}
        : { credentials: serverCredentials(files), authorization: { own: () => files.identity } }),
    },
    channelTo: (server) => (files === undefined ? {} : channelSecurity(files, { server })),
    observe: (metrics) => {
      if (files !== undefined) observeFiles(files, metrics);
    },
    serveHealth: async (health) => {
      if (healthAddress === undefined) return;
      healthServer = createMeshServer({ services: [], health, errorDomain: 'giftmesh', clock });
      const port = await healthServer.listen(healthAddress);
      log.info({ port }, 'health without TLS');
    },
    stop: async () => {
      files?.stop();
      await healthServer?.close();
    },
  };
}

async function openFiles(config: TlsConfig, log: TlsLog, clock: Clock): Promise<CertificateFiles | undefined> {
  const paths = certificateFilesOf(config);
  if (paths === undefined) return undefined;
  try {
    return await CertificateFiles.open({
      ...paths,
      clock,
      onReload: ({ validUntilMs }) => log.info({ validUntil: isoOf(validUntilMs) }, 'other certificates are in force'),
      onProblem: ({ message }) => log.error({ problem: message }, 'the certificates stay as they were'),
    });
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    throw new ConfigError([
      `${error.message}. Set GIFTMESH_TLS_CERT_FILE, GIFTMESH_TLS_KEY_FILE and GIFTMESH_TLS_CA_FILE to files that fit together, or none of them`,
    ]);
  }
}

function observeFiles(files: CertificateFiles, metrics: MetricsRegistry): void {
  metrics.gauge(
    { name: 'mesh.tls.certificate.expiry', help: 'When the certificate in force expires, Unix time.', unit: 's' },
    (report) => report([], files.current.validUntilMs / 1_000),
  );
  metrics.gauge(
    { name: 'mesh.tls.certificate.validity', help: 'How long the certificate in force is valid in all.', unit: 's' },
    (report) => report([], (files.current.validUntilMs - files.current.validFromMs) / 1_000),
  );
  metrics.observedCounter(
    { name: 'mesh.tls.certificate.events', help: 'Certificates that were put in force or refused.', labels: ['event'] },
    (report) => {
      const { reloads, refused } = files.state();
      report(['reload'], Number(reloads));
      report(['refused'], Number(refused));
    },
  );
}

function isoOf(unixMs: number): string {
  return new Date(unixMs).toISOString();
}
