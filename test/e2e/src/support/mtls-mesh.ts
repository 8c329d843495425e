import { credentials, type ChannelCredentials } from '@grpc/grpc-js';
import { da, interaction, station } from '@giftmesh/contract';
import {
  CertificateFolder,
  makeAuthority,
  type IssuedCertificate,
  type TestAuthority,
} from '@giftmesh/mesh-tls/testing';
import { freePort, type AppName, type AppProcess, type Connection, type Harness } from '@giftmesh/test-harness';
import { eventually } from './eventually';
import { checkHealth, HEALTH, SERVICE_NAMES } from './health';
import type { ServiceName } from './three-processes';

/** A process by the name of its service account. */
export const ACCOUNTS = { da: 'payment-da', station: 'payment-station', interaction: 'interaction' } as const;
const PORTS = { da: 'GIFTMESH_DA_PORT', station: 'GIFTMESH_STATION_PORT', interaction: 'GIFTMESH_INTERACTION_PORT' };

/** One of the three processes. */
export interface SecureProcess {
  readonly process: AppProcess;
  readonly address: string;
  /** Health without TLS. */
  readonly healthAddress: string;
  readonly folder: CertificateFolder;
}

/** What a process is told of its files. */
export function tlsEnv({ paths }: CertificateFolder): Readonly<Record<string, string>> {
  return {
    GIFTMESH_TLS_CERT_FILE: paths.certificateFile,
    GIFTMESH_TLS_KEY_FILE: paths.privateKeyFile,
    GIFTMESH_TLS_CA_FILE: paths.caFile,
  };
}

/** Credentials of a caller, by grpc-js alone; who answers is looked at only as far as the authority goes. */
export function showing(issued: IssuedCertificate | undefined, ca: string): ChannelCredentials {
  const [key, certificate] =
    issued === undefined ? [] : [issued.privateKey, issued.certificate].map((pem) => Buffer.from(pem));
  return credentials.createSsl(Buffer.from(ca), key ?? null, certificate ?? null, {
    checkServerIdentity: () => undefined,
  });
}

/** The three processes with certificates of one authority, on one data folder. */
export class MtlsMesh {
  private constructor(
    private readonly harness: Harness,
    readonly authority: TestAuthority,
    readonly processes: Readonly<Record<ServiceName, SecureProcess>>,
  ) {}

  /** Starts the three, from the back to the front, and waits until all say that they serve. */
  static async start(harness: Harness, env: Readonly<Record<string, string>> = {}): Promise<MtlsMesh> {
    const authority = makeAuthority(Date.now(), 'First authority');
    const dataFolder = harness.folder('mtls');
    const start = async (service: ServiceName, own: Readonly<Record<string, string>> = {}): Promise<SecureProcess> => {
      const app: AppName = ACCOUNTS[service];
      const folder = new CertificateFolder(harness.folder(app), authority.issueWorkload(app), authority.certificate);
      const healthAddress = `127.0.0.1:${await freePort()}`;
      const process = harness.spawn({
        app,
        dataFolder,
        env: { ...tlsEnv(folder), GIFTMESH_HEALTH_ADDRESS: healthAddress, [PORTS[service]]: '0', ...env, ...own },
      });
      return { process, address: await process.listening(), healthAddress, folder };
    };
    const ledger = await start('da');
    const purse = await start('station', { GIFTMESH_DA_ADDRESS: ledger.address });
    const room = await start('interaction', { GIFTMESH_STATION_ADDRESS: purse.address });
    const mesh = new MtlsMesh(harness, authority, { da: ledger, station: purse, interaction: room });
    for (const service of ['da', 'station', 'interaction'] as const) await mesh.serves(service);
    return mesh;
  }

  /** Waits until the health of a service says so, to one who shows no certificate. */
  async serves(service: ServiceName): Promise<void> {
    const health = this.harness.connect(station.PaymentStationServiceClient, this.processes[service].healthAddress);
    await eventually(
      async () => expect(await checkHealth(health, SERVICE_NAMES[service])).toBe(HEALTH.SERVING),
      15_000,
    );
  }

  /** Credentials of a service account. */
  as(account: string): ChannelCredentials {
    return showing(this.authority.issueWorkload(account), this.authority.certificate);
  }

  /** Clients of the three, each with the certificate of one who may call it. */
  clients(): {
    readonly interaction: Connection<interaction.InteractionServiceClient>;
    readonly station: Connection<station.PaymentStationServiceClient>;
    readonly da: Connection<da.PaymentDaServiceClient>;
  } {
    const { harness, processes } = this;
    return {
      interaction: harness.connect(
        interaction.InteractionServiceClient,
        processes.interaction.address,
        this.as('giftmesh-gateway'),
      ),
      station: harness.connect(station.PaymentStationServiceClient, processes.station.address, this.as('billing')),
      da: harness.connect(da.PaymentDaServiceClient, processes.da.address, this.as('payment-station')),
    };
  }
}
