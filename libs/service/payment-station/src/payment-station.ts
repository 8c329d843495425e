import { sleep, type Clock } from '@giftmesh/kernel-time';
import {
  DEFAULT_ACCEPTANCE_WINDOW,
  type AcceptanceWindow,
  type BalanceStore,
  type EventLog,
  type LogEntry,
  type SettledNotices,
  type ShardMap,
} from '@giftmesh/domain-money';
import { AccountLoader } from './account-loader';
import { CreditRefresh } from './credit-refresh';
import { EventDecider } from './event-decider';
import { GenerationRecovery } from './generation-recovery';
import { DEFAULT_LOG_APPENDER_OPTIONS, LogAppender, type CarrierSource } from './log-appender';
import { OutboxSize } from './outbox-size';
import type { PaymentDaClient } from './ports';
import { PaymentStationHandlers } from './service';
import { SettledMerger } from './settled-merger';
import { DEFAULT_SWEEPER_OPTIONS, Sweeper, type SweeperOptions } from './sweeper';

/** Between tries to get ready while the store or the log is away, milliseconds. */
const START_RETRY_DELAY_MS = 200;

/** What Payment-Station is built on. */
export interface PaymentStationDependencies {
  readonly clock: Clock;
  readonly store: BalanceStore;
  readonly log: EventLog<LogEntry>;
  readonly ledger: PaymentDaClient;
  readonly notices: SettledNotices;
  readonly shards: ShardMap;
  /** Asked within the call that appends, once for each append: `callCarrier`. Default nothing travels with events. */
  readonly carrierOf?: CarrierSource;
  /** True for an instance on shadow stores: it takes calls of load tests. Default false: those that would change money are refused. */
  readonly shadow?: boolean;
}

/** What may differ from the defaults. */
export interface PaymentStationOptions {
  readonly window?: AcceptanceWindow;
  readonly sweeper?: SweeperOptions;
}

/** Payment-Station given its ports. */
export interface PaymentStation {
  readonly handlers: PaymentStationHandlers;
  readonly appender: LogAppender;
  readonly sweeper: Sweeper;
  readonly recovery: GenerationRecovery;
  readonly merger: SettledMerger;
  readonly outbox: OutboxSize;
  /** Why it can't serve, undefined while it can. */
  problem(): string | undefined;
  /** Recovers what the store lost, writes what an earlier process left behind, then serves. Resolves when ready. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Puts Payment-Station together. Nothing runs before `start`. */
export function createPaymentStation(
  dependencies: PaymentStationDependencies,
  options: PaymentStationOptions = {},
): PaymentStation {
  const { clock, store, log, ledger, notices, shards, shadow } = dependencies;
  const window = options.window ?? DEFAULT_ACCEPTANCE_WINDOW;
  const appender = new LogAppender(clock, log, shards, DEFAULT_LOG_APPENDER_OPTIONS, dependencies.carrierOf);
  const recovery = new GenerationRecovery(clock, store, ledger, appender);
  const loader = new AccountLoader(clock, store, ledger, window);
  const refresh = new CreditRefresh(clock);
  const decider = new EventDecider({ clock, store, ledger, appender, loader, recovery, refresh, window });
  const merger = new SettledMerger(store, notices);
  const sweeperOptions = options.sweeper ?? DEFAULT_SWEEPER_OPTIONS;
  const sweeper = new Sweeper(clock, store, ledger, appender, loader, recovery, sweeperOptions);
  let ready = false;
  let closed = false;
  return {
    handlers: new PaymentStationHandlers({ store, ledger, loader, decider, recovery, ready: () => ready, shadow }),
    appender,
    sweeper,
    recovery,
    merger,
    outbox: new OutboxSize(clock, store),
    problem: () => {
      if (!ready) return 'the station is starting';
      if (recovery.running) return 'the balance store is being recovered';
      if (!store.healthy()) return 'the balance store is away';
      if (appender.problem !== undefined) return `the event log is away: ${appender.problem}`;
      return log.healthy() ? undefined : 'the event log is away';
    },
    start: async () => {
      merger.start();
      while (!closed && !ready) {
        try {
          await recovery.run();
          await sweeper.appendLeftovers();
          ready = true;
        } catch {
          await sleep(clock, START_RETRY_DELAY_MS);
        }
      }
      if (!closed) sweeper.start();
    },
    close: async () => {
      closed = true;
      recovery.close();
      sweeper.close();
      appender.close();
      await merger.close();
    },
  };
}
