import type { CallsReport, PhaseReport } from '../load/load-report';
import { overloadFigures } from './overload-figures';
import type { OverloadResult } from './overload-measure';

const latency = { meanMs: 1, p50Ms: 1, p90Ms: 2, p99Ms: 3, p999Ms: 4, maxMs: 5 };
const calls = (sent: number, ok: number): CallsReport => ({ sent, ok, failed: {}, latency });
const phase = (all: CallsReport, pay: CallsReport): PhaseReport => ({ name: 'x', seconds: 2, all, classes: { pay } });

describe('overloadFigures', () => {
  const result: OverloadResult = {
    work: { name: 'cpu', title: 'CPU', work: { kind: 'cpu', workMs: 4 } },
    variant: {
      name: 'dagor.plain_clients',
      server: { stack: 'mesh', controller: 'dagor' },
      client: { kind: 'plain' },
      isOurs: true,
    },
    capacity: 100,
    loads: [
      { load: 0.9, phase: phase(calls(180, 179), calls(9, 8)) },
      { load: 2, phase: phase(calls(400, 181), calls(20, 20)) },
      { load: 10, phase: phase(calls(2000, 150), calls(100, 99)) },
    ],
    recoveryMs: 400,
    spike: { binMs: 100, sent: [], ok: [] },
    decisions: {},
  };
  const found = (isOurs: boolean) =>
    new Map(
      overloadFigures({
        results: [{ ...result, variant: { ...result.variant, isOurs } }],
        capacitiesAfter: new Map([['cpu', 90]]),
      }).map((each) => [each.name.replace('overload.cpu.', ''), each]),
    );

  it('are shares of the capacity, judged by the aims', () => {
    const figures = found(true);
    expect(figures.get('capacity_afterwards')).toMatchObject({ value: 0.9 });
    expect(figures.get('dagor.plain_clients.0.9x.goodput')).toMatchObject({ value: 0.895, aim: null });
    expect(figures.get('dagor.plain_clients.0.9x.success')).toMatchObject({ value: 0.9944, reached: true });
    expect(figures.get('dagor.plain_clients.2x.goodput')).toMatchObject({ value: 0.905, aim: '>= 0.9', reached: true });
    expect(figures.get('dagor.plain_clients.10x.goodput')).toMatchObject({
      value: 0.75,
      aim: '>= 0.8',
      reached: false,
    });
    expect(figures.get('dagor.plain_clients.10x.p99')).toMatchObject({ value: 3, unit: 'ms' });
    expect(figures.get('dagor.plain_clients.recovery')).toMatchObject({ value: 400, reached: true });
    // Overloads only: what is lost below the capacity has a figure of its own.
    expect(figures.get('dagor.plain_clients.top_priority')).toMatchObject({ value: 0.9917, reached: false });
  });

  it('have aims for ours only', () => {
    expect([...found(false).values()].every(({ aim }) => aim === null)).toBe(true);
  });
});
