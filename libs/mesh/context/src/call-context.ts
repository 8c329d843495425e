import { Call, type CallOptions } from './call';
import type { DrainNotice } from './drain-notice';
import { noMetadata, type CallMetadata } from './metadata';

export interface CallContextOptions extends CallOptions {
  /** What came with the call. Default none. */
  readonly metadata?: CallMetadata | undefined;
  /** See `CallContext.peer`. */
  readonly peer?: (() => string) | undefined;
  /** See `CallContext.peerAltNames`. */
  readonly peerAltNames?: (() => string | undefined) | undefined;
  /** See `CallContext.transitMs`. */
  readonly transitMs?: number | undefined;
  /** Of the server. Default: it never drains. */
  readonly drainNotice?: DrainNotice | undefined;
}

/** An incoming call, as its handler and the policies around the handler see it. */
export class CallContext extends Call {
  readonly metadata: CallMetadata;
  /** Who called, as the transport names it (`127.0.0.1:50312`); undefined for callers in this process. */
  get peer(): string | undefined {
    return this.#peer?.();
  }

  /**
   * Subject alternative names of the certificate that the caller has shown and that was verified, as Node writes them
   * (`DNS:a, URI:spiffe://b/c`); undefined without such a certificate. Read from the connection each time.
   */
  get peerAltNames(): string | undefined {
    return this.#peerAltNames?.();
  }

  /** Whether the caller is in another process, so that the call came through a socket. Cheaper than asking for `peer`. */
  get isRemote(): boolean {
    return this.#peer !== undefined;
  }

  /**
   * Milliseconds from when the caller sent the call until it was taken up here, by the wall clocks of both: the time in sockets
   * and before the event loop's turn, plus however much the clocks disagree. Undefined when the caller sent no deadline stamp.
   */
  readonly transitMs: number | undefined;
  readonly #peer: (() => string) | undefined;
  readonly #peerAltNames: (() => string | undefined) | undefined;
  readonly #drainNotice: DrainNotice | undefined;
  #draining: AbortController | undefined;
  #leaveNotice: (() => void) | undefined;
  #trailers: Map<string, string> | undefined;

  constructor(options: CallContextOptions) {
    super(options);
    this.metadata = options.metadata ?? noMetadata;
    this.#peer = options.peer;
    this.#peerAltNames = options.peerAltNames;
    this.transitMs = options.transitMs;
    this.#drainNotice = options.drainNotice;
  }

  /**
   * Aborts when the server begins to drain: an endless stream should then come to its end, its client goes elsewhere.
   * The signal is the call's own, so that listeners which nobody takes back go with the call.
   */
  get draining(): AbortSignal {
    if (this.#draining === undefined) {
      const controller = new AbortController();
      this.#draining = controller;
      if (!this.ended) this.#leaveNotice = this.#drainNotice?.join(() => controller.abort());
    }
    return this.#draining.signal;
  }

  /** Sends a text value with the answer's trailers, whatever the answer is. Later values replace earlier ones. */
  setTrailer(name: string, value: string): void {
    this.#trailers ??= new Map();
    this.#trailers.set(name, value);
  }

  protected override onEnd(): void {
    this.#leaveNotice?.();
  }

  /** The trailers set so far. */
  get trailers(): ReadonlyMap<string, string> {
    return this.#trailers ?? noTrailers;
  }
}

const noTrailers: ReadonlyMap<string, string> = new Map();
