import { assertNever } from '@giftmesh/kernel-errors';
import { sleep, systemClock } from '@giftmesh/kernel-time';
import type { MeshServers, ServerMesh } from '@giftmesh/test-servers';
import { isWhole, failOver, killMaster } from '@giftmesh/test-servers';
import type { Fault } from './fault';
import type { PoisonFeed } from './poison';

/** What faults happen to. */
export interface Victims {
  readonly servers: MeshServers;
  readonly mesh: ServerMesh;
  readonly poison: PoisonFeed;
  /** Told what a process did that it should not. */
  readonly onProblem: (problem: string) => void;
}

/** Lets a fault happen, and puts it right. */
export async function doFault(fault: Fault, { servers, mesh, poison, onProblem }: Victims): Promise<void> {
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
    case 'stop_service':
      return standStill(mesh, fault);
    case 'lapse_da':
      return standStill(mesh, { ...fault, service: 'da' });
    case 'jump_clock': {
      const clock = mesh.clock(fault.service, fault.instance);
      clock.set(fault.aheadMs);
      await sleep(systemClock, fault.forMs);
      clock.set(0);
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
    case 'kill_server':
      return fault.server === 'mariadb' ? servers.restartMariaDb() : servers.restartKafka();
    case 'lose_redis':
      return servers.restartRedis(fault.loss);
    case 'promote_replica':
      return servers.promoteReplica(fault.promotion);
    case 'kill_master': {
      const lost = await killMaster(servers.redisCluster, fault.nth);
      await sleep(systemClock, fault.awayMs);
      await lost.restart();
      return isWhole(servers.redisCluster);
    }
    case 'fail_over':
      return failOver(servers.redisCluster, fault.nth);
    case 'break_link': {
      servers.links?.trouble(fault, fault.trouble);
      await sleep(systemClock, fault.forMs);
      servers.links?.trouble(fault, undefined);
      return;
    }
    case 'third_da': {
      const third = await mesh.startThirdDa();
      await sleep(systemClock, fault.forMs);
      const { code, signal } = await (fault.end === 'killed' ? third.kill() : third.stop());
      if (fault.end === 'drained' && code !== 0) onProblem(`a third da drained with ${signal ?? `code ${code}`}`);
      return;
    }
    case 'poison':
      return poison.feed(fault.messages);
    default:
      assertNever(fault);
  }
}

async function standStill(
  mesh: ServerMesh,
  { service, instance, forMs }: Pick<Extract<Fault, { kind: 'stop_service' }>, 'service' | 'instance' | 'forMs'>,
): Promise<void> {
  const process = mesh.process(service, instance);
  process.signal('SIGSTOP');
  await sleep(systemClock, forMs);
  process.signal('SIGCONT');
}
