import { assertNever } from '@giftmesh/kernel-errors';
import { sleep, systemClock } from '@giftmesh/kernel-time';
import type { MeshServers, ServerMesh } from '@giftmesh/test-servers';
import type { Fault } from './fault-plan';

/** Lets a fault happen, and puts it right. What a process did that it should not goes to `onProblem`. */
export async function doFault(
  fault: Fault,
  servers: MeshServers,
  mesh: ServerMesh,
  onProblem: (problem: string) => void,
): Promise<void> {
  switch (fault.kind) {
    case 'kill_service': {
      await mesh.process(fault.service, fault.instance).kill();
      await sleep(systemClock, fault.awayMs);
      return mesh.restart(fault.service, fault.instance);
    }
    case 'drain_service': {
      const { code, signal } = await mesh.process(fault.service, fault.instance).stop();
      if (code !== 0) onProblem(`a ${fault.service} drained with ${signal ?? `code ${code}`}`);
      return mesh.restart(fault.service, fault.instance);
    }
    case 'stop_service': {
      const process = mesh.process(fault.service, fault.instance);
      process.signal('SIGSTOP');
      await sleep(systemClock, fault.forMs);
      process.signal('SIGCONT');
      return;
    }
    case 'stop_server': {
      const stopped =
        fault.server === 'kafka' ? servers.kafka.nodes.map(({ server }) => server) : [servers[fault.server]];
      for (const server of stopped) server.pause();
      await sleep(systemClock, fault.forMs);
      for (const server of stopped) server.resume();
      return;
    }
    case 'lose_redis':
      return servers.restartRedis(fault.loss);
    case 'kill_server':
      return fault.server === 'mariadb' ? servers.restartMariaDb() : servers.restartKafka();
    default:
      assertNever(fault);
  }
}
