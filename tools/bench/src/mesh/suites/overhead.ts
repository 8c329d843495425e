import type { LoadSpec } from '@giftmesh/tool-load';
import type { Chart } from '../../charts/chart';
import { atLeast, atMost, figure, median, type Figure } from '../../figures';
import { alternate, type Durations, type Stretch } from '../../measure';
import type { SuiteResult } from '../../report';
import type { Suite, SuiteContext } from '../../suites/suite';
import { PAYLOAD } from '../clients/bench-client';
import type { ServerProcess } from '../servers/server-process';
import { workService } from '../work-service';
import { BenchRun } from './bench-run';
import { measureOurClients } from './overhead-our-clients';
import { serverNode } from './server-node';

const FULL: Durations = { rounds: 9, firstWarmUpMs: 3000, warmUpMs: 300, measureMs: 2000 };
const QUICK: Durations = { rounds: 4, firstWarmUpMs: 1500, warmUpMs: 200, measureMs: 1000 };
const IN_FLIGHT = [1, 64] as const;
const CPU_AIM = 1.15;
const THROUGHPUT_AIM = 0.9;

/** What the whole mesh costs a call that does nothing. */
export const overheadSuite: Suite = {
  name: 'overhead',
  summary: 'a bare grpc-js echo against the full mesh stack in alternating rounds, 1 and 64 calls in flight',
  run: (context) => runOverhead(context.durations ?? (context.quick ? QUICK : FULL), context),
};

interface Pair {
  readonly inFlight: number;
  readonly bare: readonly Stretch[];
  readonly full: readonly Stretch[];
}

/** Runs with these durations. */
export function runOverhead(durations: Durations, context: SuiteContext): Promise<SuiteResult> {
  const { seed } = context;
  const echo = { work: { kind: 'echo' }, seed } as const;
  return BenchRun.with(context, (run) =>
    run.withServers(
      [() => ({ stack: 'bare', ...echo }), () => ({ stack: 'mesh', ...echo }), () => ({ stack: 'full', ...echo })],
      async (servers) => {
        const pairs: (Pair & { readonly mesh: readonly Stretch[] })[] = [];
        for (const inFlight of IN_FLIGHT) {
          const names = ['bare grpc-js', 'mesh server without policies', 'full stack'];
          const contestants = servers.map((server, index) => ({
            name: `${inFlight} in flight, ${names[index]}`,
            server,
            load: echoLoad(server, inFlight),
          }));
          const [bare = [], mesh = [], full = []] = await alternate(contestants, durations, context.log);
          pairs.push({ inFlight, bare, mesh, full });
        }
        const [bareServer, , fullServer] = servers as [ServerProcess, ServerProcess, ServerProcess];
        const ours = await measureOurClients(run, bareServer, fullServer, durations, context.log);
        return {
          figures: [
            ...pairs.flatMap((pair) => pairFigures(`overhead.${pair.inFlight}_in_flight`, pair)),
            ...pairs.map(({ inFlight, bare, mesh }) =>
              figure(
                `overhead.${inFlight}_in_flight.without_policies.server_cpu_ratio`,
                ratio(bare, mesh, ({ serverCpuUs }) => serverCpuUs),
                'of bare',
              ),
            ),
            figure('overhead.our_clients.server_cpu_ratio', ours.ratio, 'of bare', atMost(CPU_AIM)),
            figure('overhead.our_clients.bare.server_cpu', ours.bareCpuUs, 'us/call'),
            figure('overhead.our_clients.full.server_cpu', ours.fullCpuUs, 'us/call'),
            figure('overhead.failed_calls', failures(pairs) + ours.failed, 'calls', atMost(0)),
          ],
          notes: NOTES(context),
          charts: [chart(pairs, context)],
        };
      },
    ),
  );
}

const NOTES = ({ nodePath }: SuiteContext): string[] => [
  'Ratios are medians of the ratios within each round, where the servers ran right after one another, in an order that turns around. CPU is user and system time of the whole server process.',
  'The client is a light one on bare HTTP/2 that costs less than the server, so that throughput is the server’s; 32 bytes each way, with a deadline. The figures of our_clients are with clients of ours, 64 calls in flight, on both servers: their calls have a deadline stamp and a priority.',
  `Servers ran on ${serverNode(nodePath)}.`,
];

function echoLoad(server: ServerProcess, inFlight: number): LoadSpec {
  return {
    client: 'light',
    address: server.address,
    method: workService.pay.path,
    inFlight,
    requests: { kind: 'fixed', messageBase64: PAYLOAD.toString('base64') },
  };
}

function pairFigures(name: string, { bare, full }: Pair): Figure[] {
  const cpu = ({ serverCpuUs }: Stretch): number => serverCpuUs;
  const rate = ({ okPerSecond }: Stretch): number => okPerSecond;
  const p99 = ({ latency }: Stretch): number => latency.p99Ms;
  return [
    figure(`${name}.server_cpu_ratio`, ratio(bare, full, cpu), 'of bare', atMost(CPU_AIM)),
    figure(`${name}.throughput_ratio`, ratio(bare, full, rate), 'of bare', atLeast(THROUGHPUT_AIM)),
    figure(`${name}.bare.server_cpu`, median(bare.map(cpu)), 'us/call'),
    figure(`${name}.full.server_cpu`, median(full.map(cpu)), 'us/call'),
    figure(`${name}.bare.per_second`, median(bare.map(rate)), '1/s'),
    figure(`${name}.full.per_second`, median(full.map(rate)), '1/s'),
    figure(`${name}.bare.p99`, median(bare.map(p99)), 'ms'),
    figure(`${name}.full.p99`, median(full.map(p99)), 'ms'),
  ];
}

function ratio(bare: readonly Stretch[], other: readonly Stretch[], pick: (stretch: Stretch) => number): number {
  return median(other.map((stretch, round) => pick(stretch) / pick(bare[round] as Stretch)));
}

function failures(pairs: readonly Pair[]): number {
  return pairs.flatMap(({ bare, full }) => [...bare, ...full]).reduce((sum, { failed }) => sum + failed, 0);
}

function chart(pairs: readonly (Pair & { readonly mesh: readonly Stretch[] })[], { nodePath }: SuiteContext): Chart {
  const cpu = (stretches: readonly Stretch[]): number => median(stretches.map(({ serverCpuUs }) => serverCpuUs));
  return {
    kind: 'bars',
    name: 'overhead',
    title: 'What the mesh costs a call that does nothing',
    subtitle: `unary echo of 32 bytes, CPU of the server process a call, ${serverNode(nodePath)}`,
    yTitle: 'server CPU, microseconds a call',
    groups: pairs.map(({ inFlight }) => `${inFlight} in flight`),
    series: [
      { name: 'bare grpc-js', values: pairs.map(({ bare }) => cpu(bare)) },
      { name: 'mesh server without policies', values: pairs.map(({ mesh }) => cpu(mesh)) },
      { name: 'full stack', values: pairs.map(({ full }) => cpu(full)) },
    ],
  };
}
