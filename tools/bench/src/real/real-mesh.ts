import { rmSync } from 'node:fs';
import { MeshProcesses, type MeshProcessesOptions, type ServiceName } from '@giftmesh/tool-mesh';
import type { BenchServer, ServerUsage } from '../servers/bench-server';
import { scratchFolder, type RealServers } from './real-servers';
import { idleShareOf, usageOf } from './usage-of';

/** How often a full audit of the ledger runs beside the work: not in a run. */
export const NO_AUDIT = { GIFTMESH_AUDIT_INTERVAL_S: '0' };

export interface RealMeshOptions extends Pick<MeshProcessesOptions, 'log'> {
  readonly servers: RealServers;
  /** Processes of each service. Default 1. */
  readonly instances?: number;
  /** Folder for a profile of each service's CPU, written as it ends. Default none. */
  readonly profiles?: string | undefined;
}

/** Interaction, station and DA as separate processes on real servers. What the servers take is counted as well. */
export class RealMesh implements BenchServer {
  readonly addresses: { readonly interaction: string; readonly station: string; readonly da: string };
  idleCpuShare = 0;

  private constructor(
    private readonly mesh: MeshProcesses,
    private readonly servers: RealServers,
    private readonly folder: string,
  ) {
    this.addresses = {
      interaction: this.#addressOf('interaction'),
      station: this.#addressOf('payment-station'),
      da: this.#addressOf('payment-da'),
    };
  }

  /** Starts the processes and waits until all serve. */
  static async start({ servers, instances = 1, log, profiles }: RealMeshOptions): Promise<RealMesh> {
    const folder = scratchFolder('mesh');
    try {
      const mesh = await MeshProcesses.start({
        instances,
        basePort: 0,
        servers: servers.urls,
        folder,
        settings: { 'payment-da': NO_AUDIT },
        nodeArgs: profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`],
        log,
      });
      if (mesh === undefined) throw new Error('nobody ends the start of the mesh');
      const real = new RealMesh(mesh, servers, folder);
      real.idleCpuShare = await idleShareOf(() => real.usage());
      return real;
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  usage(): Promise<ServerUsage> {
    const services = this.mesh.processes.map(({ service, pid }) => [service, pid ?? 0] as const);
    return usageOf([...services, ...Object.entries(this.servers.pids)]);
  }

  /** Rejects when a process ends by itself. */
  get failed(): Promise<never> {
    return this.mesh.failed;
  }

  async stop(): Promise<void> {
    await this.mesh.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #addressOf(service: ServiceName): string {
    const found = this.mesh.running.find((one) => one.service === service);
    if (found === undefined) throw new Error(`no ${service} runs`);
    return found.address;
  }
}
