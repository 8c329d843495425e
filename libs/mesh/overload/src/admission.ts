import { seededRandom, type Random } from '@giftmesh/kernel-random';
import { systemClock, type Cancel, type Clock } from '@giftmesh/kernel-time';
import {
  contextKey,
  noDecisions,
  type CallContext,
  type Decided,
  type EarlyArrival,
  type EarlyCheck,
  type OnDecision,
  type PolicyState,
} from '@giftmesh/mesh-context';
import { checkRange } from './admission-decider';
import type { AdmissionEntry as Entry } from './admission-entry';
import { admissionParts, type AdmissionParts, type AdmissionSettings } from './admission-settings';
import type { Admission, AdmissionOptions } from './admission-shape';
import { earlyAdmission } from './early-admission';
import { LEVEL_TRAILER, parseShedReport, SHED_HEADER } from './level-header';
import { monitorLoop, type LoopMonitor } from './loop-monitor';
import { overloaded, PUSHBACK_TRAILER, type ShedBy } from './overloaded';
import { LEVEL_OPEN, priorityFor, type Priority } from './priority';
import { Places } from './places';
import { ShedCounts } from './shed-counts';
import { Transits } from './transits';
import { TurnSlice } from './turn-slice';
import { WaitingList } from './waiting-list';
import { WindowMeter } from './window-meter';

/** Makes the overload control of a server. Throws RangeError or TypeError for options that cannot work. */
export function admission(options: AdmissionOptions = {}): Admission {
  return new AdmissionControl(options);
}

/** With timers that are less late, nobody waits in sockets, milliseconds. */
const CALM_MS = 3;
/** One in so many calls is looked at then. */
const CALM_CALLS = 16;

/** The shell of the deciders: it keeps the calls that wait, starts them in turns, and measures. */
class AdmissionControl implements Admission {
  readonly name = 'admission';
  readonly early: EarlyCheck | undefined;
  readonly #clock: Clock;
  readonly #loop: LoopMonitor;
  readonly #random: Random;
  readonly #onDecision: OnDecision;
  readonly #trustReports: boolean;
  readonly #windowMs: number;
  readonly #slice: TurnSlice;
  readonly #transits = new Transits();
  readonly #waiting = new WaitingList<Entry>();
  readonly #places = new Places<Entry>();
  readonly #meter: WindowMeter;
  readonly #entryKey = contextKey<Entry>('admission');
  #parts: AdmissionParts;
  readonly #sheds = new ShedCounts();
  #calls = 0;
  #pumping = false;
  #windowEndMs: number;
  #cancelWindow: Cancel | undefined;

  constructor(options: AdmissionOptions) {
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? seededRandom(1);
    this.#parts = admissionParts(options, this.#random);
    this.#windowMs = checkRange('windowMs', options.windowMs ?? 100, 10, 10_000);
    this.#slice = new TurnSlice(this.#clock, checkRange('sliceMs', options.sliceMs ?? 10, 1, 1_000));
    this.#onDecision = options.onDecision ?? noDecisions;
    this.#trustReports = options.trustReports ?? false;
    this.#meter = new WindowMeter(this.#clock.monotonicMs());
    this.#windowEndMs = this.#clock.monotonicMs() + this.#windowMs;
    if (options.priorities !== undefined) {
      this.early = earlyAdmission({
        priorities: options.priorities,
        level: () => this.level,
        arrives: (arrival, priority) => this.#arrivesEarly(arrival, priority),
      });
    }
    // Last: nothing of this may be left running when an option is wrong.
    this.#loop = options.loop ?? monitorLoop(this.#clock);
  }

  get level(): Priority {
    return this.#parts.decider.level;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  get running(): number {
    return this.#places.count;
  }

  sheds(): ReadonlyMap<number, number> {
    return this.#sheds.byPriority();
  }

  configure(settings: AdmissionSettings): void {
    this.#parts = admissionParts(settings, this.#random);
    this.#pumpSoon();
  }

  begin(call: CallContext): void | Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs >= this.#windowEndMs) this.#endWindow(nowMs);
    this.#takeReport(call.metadata.get(SHED_HEADER), call);
    const priority = priorityFor(call);
    if (!this.#parts.decider.arrives(priority, nowMs)) throw this.#shed(call, 'level');
    // A stream without a deadline may live for hours: it is let in or not, and then takes nobody's turn.
    if (call.deadlineMs === Infinity && (call.policy.requestStream || call.policy.responseStream)) return undefined;
    const beforeMs = this.#waitedBefore(call, nowMs);
    this.#meter.waitedBefore(beforeMs);
    const entry: Entry = { call, sentMs: nowMs - beforeMs, startedMs: 0 };
    if (this.#waiting.size === 0 && this.#hasRoom() && this.#slice.hasTime(nowMs)) {
      if (this.#start(entry, nowMs)) return undefined;
      throw this.#shed(call, 'wait');
    }
    return this.#enqueue(entry, priority);
  }

  end(call: CallContext): void {
    if (this.level < LEVEL_OPEN) call.setTrailer(LEVEL_TRAILER, String(this.level));
    const entry = call.get(this.#entryKey);
    // A call within this process sees the values of the call that it is part of.
    if (entry?.call !== call) return;
    this.#places.over(entry, this.#clock.monotonicMs());
  }

  /** What a handler holds it holds until its own end: one that goes on after its call was cancelled still counts. */
  done(call: CallContext): void {
    const entry = call.get(this.#entryKey);
    if (entry?.call === call) this.#release(entry);
  }

  state(): PolicyState {
    const { decider, concurrency, queueMax } = this.#parts;
    return {
      admission: decider.name,
      level: decider.level,
      open: decider.level === LEVEL_OPEN,
      waiting: this.#waiting.size,
      queueMax,
      running: this.#places.count,
      concurrencyLimit: concurrency.limit,
      loopDelayMs: Math.round(this.#loop.delayMs()),
    };
  }

  stop(): void {
    this.#cancelWindow?.();
    this.#loop.stop();
  }

  #enqueue(entry: Entry, priority: Priority): Promise<void> {
    const { call } = entry;
    if (this.#waiting.size >= this.#parts.queueMax) {
      const byPriority = this.#parts.decider.order(this.#clock.monotonicMs()) === 'priority';
      const displaced = byPriority ? this.#waiting.displace(priority) : undefined;
      if (displaced === undefined) throw this.#shed(call, 'queue');
      displaced.refuse?.(this.#shed(displaced.call, 'queue'));
    }
    const turn = new Promise<void>((resolve, reject) => {
      entry.admit = resolve;
      entry.refuse = reject;
    });
    const leave = this.#waiting.add(entry, priority);
    this.#waitingChanged();
    call.onCancel((reason) => {
      if (!leave()) return;
      this.#waitingChanged();
      entry.refuse?.(reason);
    });
    this.#pumpSoon();
    return turn;
  }

  #waitingChanged(): void {
    this.#meter.waiting(this.#waiting.size, this.#clock.monotonicMs());
  }

  #release(entry: Entry): void {
    const running = this.#places.count;
    if (!this.#places.free(entry)) return;
    const nowMs = this.#clock.monotonicMs();
    this.#parts.concurrency.sample(entry.call.method, nowMs - entry.startedMs, running, nowMs);
    this.#parts.decider.done(nowMs);
    this.#meter.running(this.#places.count, nowMs);
    if (nowMs >= this.#windowEndMs) this.#endWindow(nowMs);
    if (this.#waiting.size > 0) this.#pumpSoon();
  }

  #hasRoom = (): boolean => this.#places.count < this.#parts.concurrency.limit;

  /** Gives a call its turn; false when it has waited for too long. */
  #start(entry: Entry, nowMs: number): boolean {
    const { call, sentMs } = entry;
    if (!this.#parts.decider.turn(nowMs - sentMs, nowMs, call.deadlineMs - sentMs)) return false;
    entry.startedMs = nowMs;
    call.set(this.#entryKey, entry);
    this.#places.take();
    this.#meter.running(this.#places.count, nowMs);
    return true;
  }

  #pumpSoon(): void {
    if (this.#pumping || this.#waiting.size === 0 || !this.#hasRoom()) return;
    this.#pumping = true;
    this.#clock.defer(() => {
      this.#slice.begin(this.#clock.monotonicMs());
      this.#pump();
    });
  }

  /** Starts waiting calls one by one, as long as this turn has time for them. */
  #pump(): void {
    for (;;) {
      const nowMs = this.#clock.monotonicMs();
      const more = this.#waiting.size > 0 && this.#hasRoom();
      if (!more || !this.#slice.hasTime(nowMs)) {
        this.#pumping = false;
        if (this.#waiting.size === 0) this.#parts.decider.emptied(nowMs);
        if (more) this.#pumpSoon();
        return;
      }
      const entry = this.#waiting.take(this.#parts.decider.order(nowMs)) as Entry;
      this.#waitingChanged();
      if (this.#start(entry, nowMs)) {
        entry.admit?.();
        // The handler runs in microtasks; ticks that are asked for among those come when they are done.
        queueMicrotask(() => process.nextTick(() => this.#pump()));
        return;
      }
      entry.refuse?.(this.#shed(entry.call, 'wait'));
    }
  }

  #endWindow(nowMs: number): void {
    const { decider, concurrency } = this.#parts;
    decider.window(this.#meter.next(nowMs, this.#loop.busy(), concurrency.limit));
    this.#refuseTheLeast();
    this.#windowEndMs = nowMs + this.#windowMs;
    this.#cancelWindow?.();
    // Whoever is kept out now must not be kept out because nobody else comes.
    this.#cancelWindow =
      this.level < LEVEL_OPEN
        ? this.#clock.schedule(this.#windowMs, () => this.#endWindow(this.#clock.monotonicMs()))
        : undefined;
    for (const entry of this.#places.overdue(nowMs)) this.#release(entry);
  }

  #refuseTheLeast(): void {
    const { decider } = this.#parts;
    while (this.#waiting.size > decider.waitingMax) {
      const least = this.#waiting.displace(decider.level);
      if (least === undefined) return;
      least.refuse?.(this.#shed(least.call, 'level'));
      this.#waitingChanged();
    }
  }

  /** How long a call waited in sockets and for the loop's turn. */
  #waitedBefore(call: CallContext, nowMs: number): number {
    const { transitMs } = call;
    if (transitMs === undefined) return call.isRemote ? this.#loop.delayMs() : 0;
    // While nothing waits a look now and then is enough to know what the way takes.
    this.#calls += 1;
    const isCalm = this.#waiting.size === 0 && this.level === LEVEL_OPEN && this.#loop.delayMs() < CALM_MS;
    if (isCalm && this.#calls % CALM_CALLS !== 0) return 0;
    return this.#transits.waitedMs(call.peer ?? '', transitMs, nowMs);
  }

  #arrivesEarly(arrival: EarlyArrival, priority: Priority): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs >= this.#windowEndMs) this.#endWindow(nowMs);
    this.#takeReport(arrival.metadata.get(SHED_HEADER), arrival);
    this.#parts.decider.arrives(priority, nowMs);
    this.#sheds.add(priority);
    this.#onDecision(this.name, 'early', arrival);
  }

  #takeReport(text: string | undefined, call: Decided): void {
    if (text === undefined) return;
    const report = this.#trustReports ? parseShedReport(text) : undefined;
    if (report !== undefined) {
      for (const [business, count] of report) this.#parts.decider.shedElsewhere(business, count);
    } else this.#onDecision(this.name, this.#trustReports ? 'malformed' : 'ignored', call);
  }

  #shed(call: CallContext, by: ShedBy): Error {
    this.#sheds.add(priorityFor(call));
    this.#onDecision(this.name, by, call);
    if (this.level < LEVEL_OPEN) call.setTrailer(LEVEL_TRAILER, String(this.level));
    // Whoever is told no here would be told no again, and its retry would cost as much as this call.
    call.setTrailer(PUSHBACK_TRAILER, '-1');
    return overloaded(by);
  }
}
