import { Harness } from '@giftmesh/test-harness';
import { Counts } from '../counts';
import { textOf } from '../suite-report';
import { chaosReportOf } from './chaos-report';
import { runSeed } from './server-chaos';

const SEED = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);

describe('the services on Redis, Kafka and MariaDB', () => {
  const harness = new Harness();
  afterAll(() => harness.close());

  it(`keep every invariant when they are broken under load (seed ${SEED})`, async () => {
    const counts = new Counts();
    const lines: string[] = [];
    const onProgress = (line: string): number => lines.push(line);
    const problems = await runSeed({ seed: SEED, harness, counts, onProgress, epochs: 1, faults: 4 });
    expect({ problems, lines }).toEqual({ problems: [], lines: expect.anything() as unknown });
    expect([counts.get('faults'), counts.get('audit differences')]).toEqual([4, 0]);
    expect(counts.get('gifts applied')).toBeGreaterThan(50);
    expect(counts.get('records compared')).toBeGreaterThan(100);
    const report = chaosReportOf({ firstSeed: SEED, elapsedMs: 1_000, counts, problems });
    expect(Object.values(report.faults ?? {}).reduce((sum, times) => sum + times, 0)).toBeGreaterThanOrEqual(4);
    expect(textOf(report)).toMatch(/broken invariants +0 count +aim 0: reached/);
  }, 420_000);
});
