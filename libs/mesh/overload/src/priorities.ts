import type { Random } from '@giftmesh/kernel-random';
import { systemClock, type Clock } from '@giftmesh/kernel-time';
import {
  currentCall,
  noDecisions,
  type Call,
  type CallMetadata,
  type ClientPolicy,
  type OnDecision,
  type ServerPolicy,
} from '@giftmesh/mesh-context';
import type { MethodPolicy } from '@giftmesh/mesh-policy';
import {
  BUSINESS_MAX,
  businessOf,
  compoundPriority,
  formatPriority,
  parsePriority,
  PRIORITY_HEADER,
  priorityOf,
  setPriority,
  USER_PRIORITIES,
  userPriority,
  type Priority,
} from './priority';

/** True for calls that come last, whatever their method is worth and their caller says: those of a load test. Must not throw. */
export type IsLeast = (call: Call) => boolean;

const noneIsLeast: IsLeast = () => false;

export interface PrioritiesOptions {
  /**
   * Whether callers are services of the mesh, whose priorities are believed. False at the edge: priorities are assigned there,
   * and what a client says of its own is ignored and counted.
   */
  readonly trust: boolean;
  /** Spreads calls without a user over the user priorities. */
  readonly random: Random;
  /** Metadata name of who the user is; set it only from what was authenticated. Default `x-user-id`. */
  readonly userHeader?: string;
  /** Default none. */
  readonly isLeast?: IsLeast;
  /** Default the process's real time; for the hour. */
  readonly clock?: Clock;
  /** `malformed`: a priority that is none. `ignored`: one that came from outside. */
  readonly onDecision?: OnDecision;
}

/** Assigns priorities to incoming calls. */
export interface Priorities extends ServerPolicy {
  /** The most important priority that a call can get, from its metadata alone. */
  atBest(arrival: Asked): Priority;
  /** A priority as the call would get it, drawn anew where it names no user. */
  drawn(arrival: Asked): Priority;
}

/** What priorities are assigned by. */
type Asked = { readonly metadata: CallMetadata; readonly policy: MethodPolicy };

/** The policy that gives each incoming call its priority; put it outside of all that shed. */
export function priorities(options: PrioritiesOptions): Priorities {
  const { trust, random, userHeader = 'x-user-id', isLeast = noneIsLeast } = options;
  const { clock = systemClock, onDecision = noDecisions } = options;
  const declared = (metadata: CallMetadata): Priority | undefined => {
    const text = trust ? metadata.get(PRIORITY_HEADER) : undefined;
    return text === undefined ? undefined : parsePriority(text);
  };
  const userOf = (metadata: CallMetadata): number | undefined => {
    const user = metadata.get(userHeader);
    return user === undefined || user === '' ? undefined : userPriority(user, clock.nowMs());
  };
  const assigned = ({ metadata, policy }: Asked): Priority =>
    compoundPriority(businessOf(policy), userOf(metadata) ?? random.integer(0, USER_PRIORITIES - 1));
  return {
    name: 'priority',
    begin(call) {
      // A caller in this process: the call is part of its call.
      const inherited = trust ? priorityOf(call) : undefined;
      const given = inherited ?? declared(call.metadata);
      if (given === undefined && call.metadata.get(PRIORITY_HEADER) !== undefined)
        onDecision('priority', trust ? 'malformed' : 'ignored', call);
      const priority = given ?? assigned(call);
      setPriority(call, isLeast(call) ? leastOf(priority) : priority);
    },
    atBest: ({ metadata, policy }) => declared(metadata) ?? compoundPriority(businessOf(policy), userOf(metadata) ?? 0),
    drawn: (arrival) => declared(arrival.metadata) ?? assigned(arrival),
  };
}

/**
 * Sends the priority of the call that is being served on to the services it calls. Work that belongs to no call has the
 * priority of the method that it calls, and the best user part: it is mostly done for many users at once.
 */
export function priorityPropagation(isLeast: IsLeast = noneIsLeast): ClientPolicy {
  return {
    name: 'priority',
    begin: (call) => {
      const serving = currentCall();
      const inherited = priorityOf(call) ?? (serving === undefined ? undefined : priorityOf(serving));
      const own = inherited ?? compoundPriority(businessOf(call.policy), 0);
      const priority = isLeast(call) ? leastOf(own) : own;
      setPriority(call, priority);
      call.setMetadata(PRIORITY_HEADER, formatPriority(priority));
    },
  };
}

/** The same user among the least important. */
function leastOf(priority: Priority): Priority {
  return compoundPriority(BUSINESS_MAX, priority % USER_PRIORITIES);
}
