import type { Clock } from '@giftmesh/kernel-time';
import type { Codec, EventLog, Ledger, LogEntry, SettledNotices, ShardMap } from '@giftmesh/domain-money';
import { AppliedPositions } from './applied-positions';
import {
  DEFAULT_DEAD_LETTER_RETRIER_OPTIONS,
  DeadLetterRetrier,
  type DeadLetterRetrierOptions,
} from './dead-letter-retrier';
import { LogLag } from './log-lag';
import { ParkedEvents } from './parked-events';
import { PaymentDaHandlers } from './service';
import { DEFAULT_SETTLER_OPTIONS, Settler, type SettlerOptions, type WatchBatch } from './settler';

/** What Payment-DA is built on. */
export interface PaymentDaDependencies {
  readonly clock: Clock;
  readonly log: EventLog<LogEntry>;
  readonly codec: Codec<LogEntry>;
  readonly ledger: Ledger;
  readonly notices: SettledNotices;
  readonly shards: ShardMap;
  /** See `SettlerPorts`. */
  readonly watchBatch?: WatchBatch;
  /** True for an instance on shadow stores: it takes calls of load tests. Default false: those that would change money are refused. */
  readonly shadow?: boolean;
}

/** Payment-DA given its ports: the handlers of its RPCs, and the settler and the dead letters' retrier that run beside them. */
export interface PaymentDa {
  readonly handlers: PaymentDaHandlers;
  readonly settler: Settler;
  readonly deadLetters: DeadLetterRetrier;
  readonly lag: LogLag;
  /** Why it can't serve, undefined while it can. */
  problem(): string | undefined;
  start(): void;
  /** Ends settling; what stands in the log waits for the next start. */
  close(): Promise<void>;
}

/** Puts Payment-DA together. Nothing runs before `start`. */
export function createPaymentDa(
  dependencies: PaymentDaDependencies,
  options: SettlerOptions = DEFAULT_SETTLER_OPTIONS,
  deadLetterOptions: DeadLetterRetrierOptions = DEFAULT_DEAD_LETTER_RETRIER_OPTIONS,
): PaymentDa {
  const { clock, ledger, log } = dependencies;
  const positions = new AppliedPositions(clock, () => ledger.positions());
  const deadLetters = new DeadLetterRetrier(dependencies, deadLetterOptions);
  const parked = new ParkedEvents(dependencies, (id, decided) => deadLetters.watch(id, decided));
  const handlers = new PaymentDaHandlers({ ...dependencies, positions, parked });
  const settler = new Settler({ ...dependencies, positions }, options);
  const lag = new LogLag(dependencies);
  return {
    handlers,
    settler,
    deadLetters,
    lag,
    problem: () => {
      const why = settler.failure === undefined ? '' : `: ${settler.failure.message}`;
      if (!ledger.healthy()) return `the ledger is away${why}`;
      if (!log.healthy()) return 'the event log is away';
      return why === '' ? undefined : `settling stopped${why}`;
    },
    start: () => {
      settler.start();
      deadLetters.start();
      lag.start();
    },
    close: async () => {
      await Promise.all([settler.close(), deadLetters.close(), lag.close()]);
    },
  };
}
