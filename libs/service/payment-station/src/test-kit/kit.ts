import type { common } from '@giftmesh/contract';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { ShardMap, type AssetEvent, type LogAppend, type LogEntry } from '@giftmesh/domain-money';
import { MemoryEventLog, SAMPLE_START_MS, sampleDecided, type SampleEvent } from '@giftmesh/domain-money/testing';
import { eventToProto } from '@giftmesh/wire-money';
import { AccountLoader } from '../account-loader';
import { CreditRefresh } from '../credit-refresh';
import { EventDecider, type EventDeciderOptions } from '../event-decider';
import { GenerationRecovery } from '../generation-recovery';
import { LogAppender } from '../log-appender';
import { ScriptedLedger } from './scripted-ledger';
import { ScriptedStore } from './scripted-store';

/** Of all tests. */
export const SHARDS = new ShardMap(4, 2);
/** Short enough for tests to step out of it. */
export const WINDOW = { pastMs: 60_000, futureMs: 5_000 };
/** The time of all tests: after the ids of the samples. */
export const NOW_MS = SAMPLE_START_MS + 10_000;
export const [ALICE, BOB, STAR, MOON] = [11n, 12n, 21n, 22n] as const;

/** A log that can be made to fail, and tells what stands in it. */
export class TroubledLog extends MemoryEventLog<LogEntry> {
  trouble: () => void = () => undefined;

  override async append(entries: readonly LogAppend<LogEntry>[]): Promise<void> {
    this.trouble();
    await super.append(entries);
  }

  /** Ids of the events that are durable, and fences, partition by partition. */
  async durable(): Promise<string[]> {
    const pages = await Promise.all(
      Array.from({ length: this.partitionCount }, (_, partition) => this.read({ partition, offset: 0 }, 10_000)),
    );
    return pages.flat().map(({ content }) => {
      if (!content.ok) return 'unreadable';
      return content.value.kind === 'event' ? content.value.decided.event.eventId : 'fence';
    });
  }
}

/** An event of the samples, as callers send it. */
export function message(sample: Partial<SampleEvent> & { readonly id: SampleEvent['id'] }): common.AssetEvent {
  return eventToProto(eventOf(sample));
}

/** The same in the domain's words. */
export function eventOf(sample: Partial<SampleEvent> & { readonly id: SampleEvent['id'] }): AssetEvent {
  return sampleDecided({ from: ALICE, to: STAR, amount: 30n, ...sample }).event;
}

/** The parts of a station on a scripted store, a scripted ledger and a log in memory. */
export function setUp(options?: EventDeciderOptions) {
  const clock = new SimulatedClock(NOW_MS);
  const store = new ScriptedStore();
  const ledger = new ScriptedLedger();
  const log = new TroubledLog({ clock, partitionCount: SHARDS.partitionCount });
  const appender = new LogAppender(clock, log, SHARDS);
  const loader = new AccountLoader(clock, store, ledger, WINDOW);
  const recovery = new GenerationRecovery(clock, store, ledger, appender);
  const refresh = new CreditRefresh(clock);
  const decider = new EventDecider(
    { clock, store, ledger, appender, loader, recovery, refresh, window: WINDOW },
    options,
  );
  return { clock, store, ledger, log, appender, loader, recovery, refresh, decider };
}
