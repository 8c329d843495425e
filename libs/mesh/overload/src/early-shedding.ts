import { systemClock, type Clock } from '@giftmesh/kernel-time';
import { noDecisions, type ClientPolicy, type OnDecision, type OutgoingCall } from '@giftmesh/mesh-context';
import { BackendLevels, type BackendLevelsOptions } from './backend-levels-decider';
import { formatShedReport, LEVEL_TRAILER, parseLevel, SHED_HEADER, SHED_REPORT_MAX } from './level-header';
import { overloaded } from './overloaded';
import { businessOf, compoundPriority, LEVEL_OPEN, priorityOf, USER_PRIORITIES, type Priority } from './priority';

export interface EarlySheddingOptions extends BackendLevelsOptions {
  /** Default the process's real time. */
  readonly clock?: Clock;
  /** `shed`: a call was not sent; `malformed`: a level that is none. */
  readonly onDecision?: OnDecision;
}

/** Sheds calls before they are sent. */
export interface EarlyShedding extends ClientPolicy {
  /** What is known of each backend; a balancer may choose by it. */
  readonly levels: BackendLevels;
}

/**
 * Refuses calls that every backend known would refuse, by the levels in the trailers of earlier answers: a refusal here costs
 * nothing, one at the server most of a call. What was refused is reported with the next call, so that the server knows of all
 * that wanted to come. Put it inside of retries and of `priorityPropagation`; one for each transport.
 */
export function earlyShedding(options: EarlySheddingOptions = {}): EarlyShedding {
  const { clock = systemClock, onDecision = noDecisions } = options;
  const levels = new BackendLevels(options);
  const shed = new Map<number, number>();
  const priorityFor = (call: OutgoingCall): Priority =>
    priorityOf(call) ?? compoundPriority(businessOf(call.policy), 0);
  return {
    name: 'early-shedding',
    levels,
    begin(call) {
      const priority = priorityFor(call);
      if (!levels.anyAdmits(priority, clock.monotonicMs())) {
        const business = Math.floor(priority / USER_PRIORITIES);
        shed.set(business, Math.min(SHED_REPORT_MAX, (shed.get(business) ?? 0) + 1));
        onDecision('early-shedding', 'shed', call);
        throw overloaded('caller');
      }
      const report = formatShedReport(shed);
      if (report === undefined) return;
      shed.clear();
      call.setMetadata(SHED_HEADER, report);
    },
    end(call, error) {
      const text = call.trailers?.get(LEVEL_TRAILER);
      const level = text === undefined ? undefined : parseLevel(text);
      if (text !== undefined && level === undefined) onDecision('early-shedding', 'malformed', call);
      // No level in a good answer: the backend lets everybody in. In a failure it may be that nobody was asked.
      const learned = level ?? (text === undefined && error === undefined ? LEVEL_OPEN : undefined);
      if (learned !== undefined) levels.learn(call.peer ?? '', learned, clock.monotonicMs());
    },
    state: () => ({ ...Object.fromEntries(levels.levels) }),
  };
}
