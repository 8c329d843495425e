import { Call, type CallOptions } from './call';
import { noMetadata, type CallMetadata } from './metadata';

export interface CallContextOptions extends CallOptions {
  /** What came with the call. Default none. */
  readonly metadata?: CallMetadata;
  /** Aborts when the server begins to drain. Default: never. */
  readonly draining?: AbortSignal;
}

/** An incoming call, as its handler and the policies around the handler see it. */
export class CallContext extends Call {
  readonly metadata: CallMetadata;
  readonly #draining: AbortSignal | undefined;
  #trailers: Map<string, string> | undefined;

  constructor(options: CallContextOptions) {
    super(options);
    this.metadata = options.metadata ?? noMetadata;
    this.#draining = options.draining;
  }

  /** Aborts when the server begins to drain: an endless stream should then come to its end, its client goes elsewhere. */
  get draining(): AbortSignal {
    return this.#draining ?? new AbortController().signal;
  }

  /** Sends a text value with the answer's trailers, whatever the answer is. Later values replace earlier ones. */
  setTrailer(name: string, value: string): void {
    this.#trailers ??= new Map();
    this.#trailers.set(name, value);
  }

  /** The trailers set so far. */
  get trailers(): ReadonlyMap<string, string> {
    return this.#trailers ?? noTrailers;
  }
}

const noTrailers: ReadonlyMap<string, string> = new Map();
