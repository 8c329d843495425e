import type { ServerReport } from './look';
import { durationText, exportText, statusText, stopText } from './report-text';

const redis: ServerReport = {
  name: 'redis',
  state: 'up',
  source: 'own',
  variable: 'GIFTMESH_REDIS_URL',
  url: 'redis://127.0.0.1:1',
  pid: 42,
  startedAt: '2026-01-01T00:00:00.000Z',
  note: null,
};

describe('the texts of infra', () => {
  it.each([
    [-5, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [3_599_999, '59 min'],
    [3_600_000, '1 h 0 min'],
    [86_399_999, '23 h 59 min'],
    [190_000_000, '2 d 4 h'],
  ])('%d ms is %s', (durationMs, text) => {
    expect(durationText(durationMs)).toBe(text);
  });

  it('shows servers in a table, and what is to be said below it', () => {
    const down: ServerReport = {
      ...redis,
      name: 'kafka',
      state: 'down',
      url: null,
      pid: null,
      startedAt: null,
      note: 'not started',
    };
    const lines = statusText([redis, down], Date.parse('2026-01-01T00:05:00Z')).split('\n');
    expect(lines[3]).toBe('│ redis  │ up    │ redis://127.0.0.1:1 │ 42  │ 5 min  │ infra up │');
    expect(lines[4]).toBe('│ kafka  │ down  │                     │     │        │ infra up │');
    expect(lines.at(-1)).toBe('kafka: not started');
  });

  it('exports what was started here and answers', () => {
    const reports: ServerReport[] = [redis, { ...redis, state: 'down' }, { ...redis, source: 'environment' }];
    expect(exportText(reports)).toBe('export GIFTMESH_REDIS_URL=redis://127.0.0.1:1');
  });

  it('says what has become of servers', () => {
    expect(
      stopText([
        { name: 'redis', outcome: 'killed', dataDeleted: true },
        { name: 'kafka', outcome: 'left alone', dataDeleted: false },
      ]),
    ).toBe('redis: killed (it did not stop in time), its data are gone\nkafka: left alone (it is not ours)');
  });
});
