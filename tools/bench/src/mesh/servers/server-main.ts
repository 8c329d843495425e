// The main module of a server process; ServerProcess starts it and asks.
import { seededRandom } from '@giftmesh/kernel-random';
import type { OnDecision } from '@giftmesh/mesh-context';
import { ownUsage } from '@giftmesh/tool-load';
import { benchClient } from '../clients/client-spec';
import { answerParent } from '../ipc/answering';
import { fullStack } from '../variants/full-stack';
import { listenBare } from './bare-server';
import { cpuWork } from './cpu-work';
import { withFault, type Fault } from './fault';
import { listenMesh } from './mesh-server';
import { relayWork } from './relay-work';
import type { ServerQuestions, ServerSpec } from './server-spec';
import { slotWork } from './slot-work';
import type { Work, WorkSpec } from './work';

let reached = 0;
let fault: Fault | undefined;
const decisions: Record<string, number> = {};
let states: ServerQuestions['states'] = async () => ({});

const onDecision: OnDecision = (policy, decision) => {
  const name = `${policy}.${decision}`;
  decisions[name] = (decisions[name] ?? 0) + 1;
};

async function workOf(spec: WorkSpec, seed: number): Promise<Work> {
  switch (spec.kind) {
    case 'echo':
      return () => undefined;
    case 'cpu':
      return cpuWork(spec.workMs);
    case 'slots':
      return slotWork(spec.slots, spec.waitMs);
    case 'relay': {
      const client = benchClient(spec.client, { seed, onDecision });
      await client.connect();
      return relayWork(client, spec.calls, spec.sendsMax);
    }
  }
}

async function start({ stack, controller = 'none', work, seed }: ServerSpec): Promise<string> {
  if (stack === 'full') return `127.0.0.1:${await (await fullStack()).listen('127.0.0.1:0')}`;
  const faulty = withFault(await workOf(work, seed), () => fault, seededRandom(seed));
  const counted: Work = (call) => {
    reached += 1;
    return faulty(call);
  };
  if (stack === 'bare') return `127.0.0.1:${await listenBare(counted)}`;
  const server = await listenMesh(counted, controller, { seed, onDecision });
  states = async () => server.states();
  return `127.0.0.1:${server.port}`;
}

answerParent<ServerQuestions>({
  start,
  stats: async () => ({ reached, cpuUs: ownUsage().cpuUs, decisions }),
  states: () => states(),
  fault: async (next) => {
    fault = next ?? undefined;
  },
});
