import { SimulatedClock } from '@giftmesh/kernel-time';
import { scheduleAudit } from './scheduled-audit';

const report = { differenceCount: 0 };

describe('scheduleAudit', () => {
  it('audits after each interval, tells reports and failures, never two at a time, and stops', async () => {
    const clock = new SimulatedClock();
    const told: string[] = [];
    let audits = 0;
    const stop = scheduleAudit({
      clock,
      intervalMs: 100,
      audit: async () => {
        audits += 1;
        if (audits === 2) throw new Error('damaged');
        return report;
      },
      onReport: ({ differenceCount }) => told.push(`${differenceCount} differences`),
      onFailure: (error) => told.push(error.message),
    });
    await clock.advanceAsync(99);
    expect(audits).toBe(0);
    await clock.advanceAsync(201);
    expect(told).toEqual(['0 differences', 'damaged', '0 differences']);
    stop();
    await clock.advanceAsync(1_000);
    expect(audits).toBe(3);
  });

  it('refuses an interval that makes no sense', () => {
    const options = {
      clock: new SimulatedClock(),
      intervalMs: 0,
      audit: async () => report,
      onReport: () => undefined,
      onFailure: () => undefined,
    };
    expect(() => scheduleAudit(options)).toThrow('intervalMs must be positive, is 0');
  });
});
