import { StatusLine, type TextStream } from '@giftmesh/tool-operator';
import type { Tally } from './play/tally';

const BAR_CELLS = 20;
const TERMINAL_EVERY_MS = 120;
const PLAIN_EVERY_MS = 1_000;
const RATE_OVER_MS = 1_000;

/** Shows how far an evening has got, until it is stopped. */
export class Progress {
  readonly #line: StatusLine;
  readonly #isTerminal: boolean;
  readonly #samples: { readonly atMs: number; readonly decided: number }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: TextStream) {
    this.#isTerminal = stream.isTTY === true;
    this.#line = new StatusLine(stream, () => performance.now(), PLAIN_EVERY_MS);
  }

  /** Milliseconds between two lines of a ticker that suit the stream. */
  get tickerEveryMs(): number {
    return this.#isTerminal ? 250 : 1_500;
  }

  /** Writes lines that stay. */
  print(text: string): void {
    this.#line.print(text);
  }

  /** Shows a text that the next one replaces. */
  status(text: string): void {
    this.#line.set(text);
  }

  /** Follows a tally. */
  follow(tally: Tally, gifts: number, settled: () => number): void {
    const tick = (): void => this.#line.set(this.#text(tally, gifts, settled()));
    this.#timer = setInterval(tick, this.#isTerminal ? TERMINAL_EVERY_MS : PLAIN_EVERY_MS);
  }

  /** Takes the status away. */
  stop(): void {
    clearInterval(this.#timer);
    this.#line.clear();
  }

  #text(tally: Tally, gifts: number, settled: number): string {
    const nowMs = performance.now();
    this.#samples.push({ atMs: nowMs, decided: tally.decided });
    while (this.#samples.length > 2 && nowMs - (this.#samples[0]?.atMs ?? 0) > RATE_OVER_MS) this.#samples.shift();
    const [first = { atMs: nowMs, decided: 0 }] = this.#samples;
    const perSecond = ((tally.decided - first.decided) / Math.max(1, nowMs - first.atMs)) * 1000;
    const share = Math.min(1, tally.sent / gifts);
    const bar = '#'.repeat(Math.round(share * BAR_CELLS)).padEnd(BAR_CELLS, '.');
    const number = (value: number): string => Math.round(value).toLocaleString('en-US');
    return `[${bar}] ${number(tally.sent)} of ${number(gifts)} gifts sent, ${number(settled)} settled, ${number(perSecond)}/s`;
  }
}
