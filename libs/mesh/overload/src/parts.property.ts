import fc from 'fast-check';
import { BackendLevels } from './backend-levels-decider';
import { formatShedReport, parseLevel, parseShedReport } from './level-header';
import { businessOf, compoundPriority, formatPriority, LEVEL_OPEN, parsePriority, userPriority } from './priority';
import { TransitDelay } from './transit-decider';
import { WaitingList } from './waiting-list';

describe('priorities', () => {
  it('go through metadata and back', () => {
    fc.assert(
      fc.property(fc.nat(LEVEL_OPEN), (priority) => {
        expect(parsePriority(formatPriority(priority))).toBe(priority);
      }),
    );
  });

  it('are not read from anything else', () => {
    for (const text of ['', '10', '10.', '.5', '010.5', '10.128', '128.0', '-1.0', '1e1.0', '10.5 ', '10.5.1', '١.١']) {
      expect([text, parsePriority(text)]).toEqual([text, undefined]);
    }
    fc.assert(
      fc.property(fc.string(), (text) => {
        const priority = parsePriority(text);
        expect(priority === undefined || formatPriority(priority) === text).toBe(true);
      }),
    );
  });

  it('put business before user, and whoever is out of range last', () => {
    expect(compoundPriority(10, 127)).toBeLessThan(compoundPriority(20, 0));
    expect(compoundPriority(-1, NaN)).toBe(LEVEL_OPEN);
    const policy = { deadlineMs: 1, idempotency: 'unknown', requestStream: false, responseStream: false } as const;
    expect([0, 10, 500].map((priority) => businessOf({ ...policy, priority }))).toEqual([127, 10, 127]);
  });

  it('spread users evenly, the same within an hour and others in the next', () => {
    const hourMs = 3_600_000;
    const counts = new Array<number>(128).fill(0);
    let moved = 0;
    for (let user = 0; user < 12_800; user += 1) {
      const now = userPriority(String(user), 5 * hourMs);
      counts[now] = (counts[now] as number) + 1;
      expect(userPriority(String(user), 6 * hourMs - 1)).toBe(now);
      if (userPriority(String(user), 6 * hourMs) !== now) moved += 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(60);
    expect(Math.max(...counts)).toBeLessThan(150);
    expect(moved).toBeGreaterThan(12_000);
  });
});

describe('levels and reports in metadata', () => {
  it('are read back', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1, max: LEVEL_OPEN }),
        fc.uniqueArray(fc.tuple(fc.nat(127), fc.integer({ min: 1, max: 10_000 })), {
          selector: ([key]) => key,
          minLength: 1,
        }),
        (level, entries) => {
          expect(parseLevel(String(level))).toBe(level);
          const report = new Map(entries);
          expect(parseShedReport(formatShedReport(report) as string)).toEqual(report);
        },
      ),
    );
  });

  it('are not read from anything else', () => {
    for (const text of ['', '-2', '16384', '1.5', '007', 'x', '1e3', '99999999999'])
      expect(parseLevel(text)).toBeUndefined();
    for (const text of ['', '1', '1:', ':1', '128:1', '1:10001', '1:1,1:2', '1:1,', '1:-1', 'a:b', '1:1;2:2']) {
      expect([text, parseShedReport(text)]).toEqual([text, undefined]);
    }
    expect(parseShedReport(Array.from({ length: 200 }, (_, index) => `${index}:1`).join(','))).toBeUndefined();
  });
});

describe('WaitingList', () => {
  it('gives by age or by priority what a plain list would', () => {
    const command = fc.oneof(
      fc.record({ add: fc.nat(5) }),
      fc.record({ take: fc.constantFrom('first-in' as const, 'last-in' as const, 'priority' as const) }),
      fc.record({ leave: fc.nat(20) }),
      fc.record({ displace: fc.nat(5) }),
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 100 }), (commands) => {
        const list = new WaitingList<number>();
        let model: { id: number; priority: number }[] = [];
        const leaves: (() => boolean)[] = [];
        for (const each of commands) {
          let gone: number | undefined;
          if ('add' in each) {
            model.push({ id: leaves.length, priority: each.add });
            leaves.push(list.add(leaves.length, each.add));
          } else if ('take' in each) {
            const sorted = [...model].sort((a, b) => a.priority - b.priority);
            const wanted = each.take === 'first-in' ? model[0] : each.take === 'last-in' ? model.at(-1) : sorted[0];
            gone = list.take(each.take);
            expect(gone).toBe(wanted?.id);
          } else if ('displace' in each) {
            const worst = Math.max(...model.map(({ priority }) => priority));
            const wanted =
              worst > each.displace ? model.filter(({ priority }) => priority === worst).at(-1) : undefined;
            gone = list.displace(each.displace);
            expect(gone).toBe(wanted?.id);
          } else if (each.leave < leaves.length) {
            const there = model.some(({ id }) => id === each.leave);
            expect(leaves[each.leave]?.()).toBe(there);
            gone = each.leave;
          }
          model = model.filter(({ id }) => id !== gone);
          expect(list.size).toBe(model.length);
        }
      }),
    );
  });
});

describe('TransitDelay', () => {
  it('finds the wait whatever the clocks disagree by', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -86_400_000, max: 86_400_000 }),
        fc.array(fc.nat(500), { minLength: 1, maxLength: 100 }),
        (skewMs, waits) => {
          const transit = new TransitDelay();
          transit.observe(skewMs, 0);
          for (const [index, waitMs] of waits.entries()) expect(transit.observe(skewMs + waitMs, index)).toBe(waitMs);
        },
      ),
    );
  });

  it('forgets a clock that was set, and a way that has become longer', () => {
    const transit = new TransitDelay();
    transit.observe(5, 0);
    expect(transit.observe(86_400_000, 1)).toBe(0);
    expect(transit.observe(86_400_003, 2)).toBe(3);
    let waited = 0;
    for (let nowMs = 10; nowMs < 80_000; nowMs += 100) waited = transit.observe(86_400_200, nowMs);
    expect(waited).toBe(0);
    expect(transit.observe(NaN, 80_000)).toBe(0);
  });
});

describe('BackendLevels', () => {
  it('sheds by what each backend said, until that is old', () => {
    const levels = new BackendLevels({ ttlMs: 200, probeMs: 50 });
    expect(levels.anyAdmits(LEVEL_OPEN, 0)).toBe(true);
    levels.learn('a', 1_000, 0);
    expect([levels.admits('a', 1_000, 1), levels.admits('a', 1_001, 1), levels.admits('b', 1_001, 1)]).toEqual([
      true,
      false,
      true,
    ]);
    levels.learn('b', 2_000, 0);
    expect([levels.anyAdmits(1_500, 1), levels.anyAdmits(2_001, 1)]).toEqual([true, false]);
    // One each 50 ms asks how things are.
    expect([200, 201, 249, 250, 251].map((nowMs) => levels.admits('a', 5_000, nowMs))).toEqual([
      true,
      false,
      false,
      true,
      false,
    ]);
    levels.learn('a', LEVEL_OPEN, 300);
    expect(levels.admits('a', LEVEL_OPEN, 300)).toBe(true);
  });

  it('remembers so many backends', () => {
    const levels = new BackendLevels({ backendsMax: 2 });
    for (const backend of ['a', 'b', 'c']) levels.learn(backend, 0, 0);
    expect([...levels.levels.keys()]).toEqual(['b', 'c']);
  });
});
