import { StatusCode } from '@giftmesh/kernel-errors';
import { FRAME_PREFIX_LENGTH, writeFramePrefix } from './grpc-frame';
import { Http2Connection } from './http2/connection';
import { requestHeaderBlock } from './http2/hpack';
import { Lane } from './lane';
import { checkLoadClientOptions, type LoadClient, type LoadClientOptions } from './load-client';

/**
 * Unary calls that cost the client next to nothing, so that the server is the limit: prebuilt frames go out, of an answer
 * only its status and the presence of a message are looked at.
 */
export class LightLoad implements LoadClient {
  readonly #options: LoadClientOptions;
  readonly #headerBlock: Buffer;
  readonly #lanes: Lane[];
  #running = false;
  #open = 0;
  #onIdle: (() => void) | undefined;

  constructor(options: LoadClientOptions) {
    checkLoadClientOptions(options);
    const { address, method, timeoutMs, inFlight, connections } = options;
    this.#options = options;
    this.#headerBlock = requestHeaderBlock(address, method, timeoutMs);
    this.#lanes = Array.from({ length: connections }, (_, index) => {
      const share = Math.floor(inFlight / connections) + (index < inFlight % connections ? 1 : 0);
      return new Lane(address, (connection) => {
        for (let call = 0; call < share; call += 1) this.#call(connection);
      });
    });
  }

  async start(): Promise<void> {
    this.#running = true;
    await Promise.all(this.#lanes.map((lane) => lane.start()));
  }

  async stop(): Promise<void> {
    this.#running = false;
    if (this.#open > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    for (const lane of this.#lanes) lane.stop();
  }

  #call(connection: Http2Connection): void {
    const { recorder, source } = this.#options;
    const headroom = Http2Connection.headroom(this.#headerBlock);
    const call = source.next(headroom + FRAME_PREFIX_LENGTH);
    writeFramePrefix(call.subarray(headroom));
    const startedMs = performance.now();
    let receivedBytes = 0;
    this.#open += 1;
    connection.unary(this.#headerBlock, call, {
      onData: (bytes) => {
        receivedBytes += bytes.length;
      },
      onEnd: (status) => {
        this.#open -= 1;
        // OK without a message is a broken unary answer (the gRPC protocol asks for exactly one).
        const isAnswer = receivedBytes >= FRAME_PREFIX_LENGTH;
        if (status === StatusCode.OK && isAnswer) recorder.ok(performance.now() - startedMs);
        else recorder.failed(status === StatusCode.OK ? StatusCode.INTERNAL : status);
        if (!this.#running) {
          if (this.#open === 0) this.#onIdle?.();
        } else if (!connection.closed) this.#call(connection);
      },
    });
  }
}
