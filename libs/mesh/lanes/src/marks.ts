import { contextKey, currentCall, type Call } from '@giftmesh/mesh-context';
import { BAGGAGE_HEADER, formatBaggage, parseBaggage, type BaggageMember } from './baggage';

/** Key of the lane in baggage; its value is the lane's name. */
export const LANE_KEY = 'mesh.lane';
/** Key of the stress mark in baggage; its value is `1`. */
export const STRESS_KEY = 'mesh.stress';
/** The lane of all that is not marked, and the one that others fall back to. */
export const BASE_LANE = 'base';

const LANE_NAME = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;
const OWN_KEYS: ReadonlySet<string> = new Set([LANE_KEY, STRESS_KEY]);

/** How a call is marked. */
export interface Marks {
  /** Its lane (traffic colour): 1 to 32 of a-z, 0-9 and inner dashes. Default `base`. */
  readonly lane?: string;
  /** True for traffic of a load test on production, which writes to shadow keys, topics and tables only. Default false. */
  readonly stress?: boolean;
}

/** True for a text that may name a lane. */
export function isLaneName(name: string): boolean {
  return LANE_NAME.test(name);
}

/** The marks of a call and the baggage of others that travels with it. */
export class CallMarks {
  readonly lane: string;
  readonly stress: boolean;
  readonly #others: readonly BaggageMember[];
  #header: string | undefined;

  /** Throws TypeError for a lane that is no name. */
  constructor({ lane = BASE_LANE, stress = false }: Marks, others: readonly BaggageMember[] = []) {
    if (!isLaneName(lane)) throw new TypeError(`not a lane's name: ${JSON.stringify(lane)}`);
    this.lane = lane;
    this.stress = stress;
    this.#others = others;
  }

  /** The `baggage` header that carries them, marks first; empty when there is nothing to carry. */
  get header(): string {
    this.#header ??= formatBaggage([...this.#own(), ...this.#others]);
    return this.#header;
  }

  /** The header when the caller adds baggage of its own: members of the same key replace those from before; marks are never its own to set. */
  headerWith(added: string): string {
    const more = parseBaggage(added).members.filter(({ key }) => !OWN_KEYS.has(key));
    const keys = new Set(more.map(({ key }) => key));
    return formatBaggage([...this.#own(), ...more, ...this.#others.filter(({ key }) => !keys.has(key))]);
  }

  /** The header of the marks alone; empty for a call that has none. */
  get ownHeader(): string {
    return formatBaggage(this.#own());
  }

  /** Others' baggage with other marks. */
  as(marks: Marks): CallMarks {
    return new CallMarks(marks, this.#others);
  }

  #own(): BaggageMember[] {
    const own: BaggageMember[] = [];
    if (this.stress) own.push({ key: STRESS_KEY, value: '1' });
    if (this.lane !== BASE_LANE) own.push({ key: LANE_KEY, value: this.lane });
    return own;
  }
}

/** What a `baggage` header says of marks. */
export interface ReadMarks {
  readonly marks: CallMarks;
  /** Members, or values of marks, that were none and were ignored. */
  readonly malformed: number;
  /** Members of others that were beyond the limits. */
  readonly dropped: number;
}

/** Reads the marks of a `baggage` header; of several lanes the first holds, and one stress mark among several is enough. Never throws. */
export function readMarks(header: string): ReadMarks {
  const { members, malformed, dropped } = parseBaggage(header, OWN_KEYS);
  let lane: string | undefined;
  let stress = false;
  let badMarks = 0;
  const others: BaggageMember[] = [];
  for (const member of members) {
    const { key, value } = member;
    if (key === LANE_KEY) {
      if (!isLaneName(value)) badMarks += 1;
      else lane ??= value;
    } else if (key === STRESS_KEY) {
      if (value === '1') stress = true;
      else if (value !== '0') badMarks += 1;
    } else others.push(member);
  }
  const marks = new CallMarks({ ...(lane === undefined ? {} : { lane }), stress }, others);
  return { marks, malformed: malformed + badMarks, dropped };
}

const marksKey = contextKey<CallMarks>('marks');

/** The marks of a call, or of the call that it is part of; undefined when it has none. */
export function marksOf(call: Call | undefined = currentCall()): CallMarks | undefined {
  return call?.get(marksKey);
}

/** Marks a call and all that it makes. For policies, and for edges that decide who goes into which lane. */
export function markCall(call: Call, marks: Marks | CallMarks): void {
  call.set(marksKey, marks instanceof CallMarks ? marks : new CallMarks(marks));
}

/** The lane of a call; `base` for one that is not marked, and outside of calls. */
export function laneOf(call: Call | undefined = currentCall()): string {
  return marksOf(call)?.lane ?? BASE_LANE;
}

/** True for a call that is part of a load test. */
export function isStress(call: Call | undefined = currentCall()): boolean {
  return marksOf(call)?.stress ?? false;
}

/** What to write beside a record of a log so that its reader knows the marks of the call that wrote it; undefined for a call without. */
export function laneCarrier(call: Call | undefined = currentCall()): Readonly<Record<string, string>> | undefined {
  const header = marksOf(call)?.ownHeader ?? '';
  return header === '' ? undefined : { [BAGGAGE_HEADER]: header };
}

/** The marks beside a record; none when there is nothing, or nothing that can be read. */
export function marksOfCarrier(carrier: Readonly<Record<string, string>> | undefined): CallMarks | undefined {
  const header = carrier?.[BAGGAGE_HEADER];
  return header === undefined ? undefined : readMarks(header).marks;
}
