import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from '@giftmesh/test-harness';

/** What a lane sends. `panel` and `ranking` are worth the least to the business, `payment` and `order` the most. */
export type LoadKind = 'panel' | 'ranking' | 'gift' | 'payment' | 'order';

/** A stream of calls of one kind. */
export interface LoadLane {
  readonly kind: LoadKind;
  /** `host:port` of the service that has it: Interaction, or the station for payments and orders. */
  readonly address: string;
  /** How many calls begin in a second, whatever becomes of those before. */
  readonly perSecond: number;
  /** Of each call, milliseconds. */
  readonly timeoutMs: number;
  /** Who pays, in turn; for gifts and payments. */
  readonly viewers?: readonly bigint[];
  /** Sent with each call. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What became of a lane's calls. */
export interface LaneResult {
  readonly kind: LoadKind;
  readonly sent: number;
  /** By status name. */
  readonly codes: Readonly<Record<string, number>>;
  /** Calls that ended with RESOURCE_EXHAUSTED, and how many of them had what a shed call has. */
  readonly shed: { readonly all: number; readonly pushback: number; readonly level: number };
  /** `ErrorInfo.reason` of the first calls that were shed, by how often each was seen. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Event ids of gifts and payments, by how their calls ended. */
  readonly ids: {
    readonly ok: readonly string[];
    readonly shed: readonly string[];
    readonly unknown: readonly string[];
  };
  /** Of calls that ended with OK, milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** What a sender is told. */
export type SenderCommand =
  | { readonly kind: 'open'; readonly lanes: readonly LoadLane[]; readonly durationMs: number }
  | { readonly kind: 'closed'; readonly lane: LoadLane; readonly inFlight: number; readonly durationMs: number };

/** What it answers. */
export interface SenderAnswer {
  readonly results: readonly LaneResult[];
  /** The longest that calls were begun after their time, milliseconds: how far the sender itself was a limit. */
  readonly lateMs: number;
}

/** A process that sends load: what it can send does not hang on what the test's own process is doing. */
export class LoadSender {
  readonly #child: ChildProcess;

  constructor() {
    this.#child = fork(join(__dirname, 'open-load-main.ts'), [], {
      // From source: only what these tests start is built.
      execArgv: [
        '--conditions=@giftmesh/source',
        '--require',
        join(repositoryRoot(), 'test/readme/register-source.cjs'),
      ],
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
  }

  /** Calls at given rates for a while, then waits for the last answers. Rejects when the sender ends. */
  open(lanes: readonly LoadLane[], durationMs: number): Promise<SenderAnswer> {
    return this.#ask({ kind: 'open', lanes, durationMs });
  }

  /** Keeps so many calls under way for a while: how many are answered is what the server can do. */
  async closed(lane: LoadLane, inFlight: number, durationMs: number): Promise<LaneResult> {
    const { results } = await this.#ask({ kind: 'closed', lane, inFlight, durationMs });
    return results[0] as LaneResult;
  }

  close(): void {
    this.#child.kill('SIGKILL');
  }

  #ask(command: SenderCommand): Promise<SenderAnswer> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null, signal: string | null): void =>
        reject(new Error(`the sender ended with ${signal ?? code}`));
      this.#child.once('exit', ended);
      this.#child.once('message', (answer) => {
        this.#child.off('exit', ended);
        resolve(answer as SenderAnswer);
      });
      this.#child.send(command);
    });
  }
}
