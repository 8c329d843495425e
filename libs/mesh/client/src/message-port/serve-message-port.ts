import type { MessagePort } from 'node:worker_threads';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { callCancelled, metadataOf, type CallContext, type CallHost, type HostedMethod } from '@giftmesh/mesh-context';
import { STATUS_DETAILS_HEADER, toGrpcStatus } from '@giftmesh/mesh-errors';
import { unimplemented } from '../transport-errors';
import { FramePort } from './frame-port';
import { asBuffer, ownBytes, type CallFrame, type Frame } from './frames';
import { StreamCredit, StreamInbox } from './stream-window';

export interface ServeMessagePortOptions {
  /** `ErrorInfo.domain` of all errors. */
  readonly errorDomain: string;
  /** Told of everything that was answered with INTERNAL because it could not be serialized. */
  readonly onInternalError?: (thrown: unknown, method: string) => void;
  /** The most open calls; further ones are refused with RESOURCE_EXHAUSTED. Default 10,000. */
  readonly openCallsMax?: number;
}

/** What the frames of an open call go to. */
interface Open {
  readonly method: HostedMethod;
  readonly context: CallContext;
  readonly requests: StreamInbox<unknown> | undefined;
  readonly credit: StreamCredit;
}

/**
 * Serves the services of a host to the `messagePortTransport` on the other end of a MessageChannel. When the port
 * closes, its calls are cancelled. Returns how to stop, which closes the port.
 * Throws RangeError for an `openCallsMax` that is not a positive integer.
 */
export function serveMessagePort(port: MessagePort, host: CallHost, options: ServeMessagePortOptions): () => void {
  const { openCallsMax = 10_000 } = options;
  if (!(Number.isSafeInteger(openCallsMax) && openCallsMax > 0)) {
    throw new RangeError(`openCallsMax must be a positive integer, got ${openCallsMax}`);
  }
  return new PortServer(port, host, { ...options, openCallsMax }).stop;
}

class PortServer {
  readonly #host: CallHost;
  readonly #options: ServeMessagePortOptions & { readonly openCallsMax: number };
  readonly #frames: FramePort;
  readonly #open = new Map<number, Open>();
  readonly stop = (): void => this.#frames.close();

  constructor(port: MessagePort, host: CallHost, options: ServeMessagePortOptions & { readonly openCallsMax: number }) {
    this.#host = host;
    this.#options = options;
    this.#frames = new FramePort(port, {
      onFrame: (frame) => this.#onFrame(frame),
      onClose: () => {
        for (const { context } of [...this.#open.values()]) context.cancel(callCancelled(context.method));
      },
    });
  }

  #onFrame(frame: Frame): void {
    if (frame.kind === 'call') return this.#begin(frame);
    const open = this.#open.get(frame.id);
    if (open === undefined) return;
    if (frame.kind === 'message') {
      // More than was granted: the other side is broken, and its messages would pile up here.
      if (open.requests?.push(frame.bytes) === false) open.context.cancel(callCancelled(open.context.method));
    } else if (frame.kind === 'end') open.requests?.end();
    else if (frame.kind === 'credit') open.credit.add(frame.count);
    else if (frame.kind === 'cancel') open.context.cancel(callCancelled(open.context.method));
  }

  #begin(frame: CallFrame): void {
    const method = this.#host.method(frame.path);
    if (method === undefined) return this.#fail(frame.id, unimplemented(frame.path), undefined);
    if (this.#open.size >= this.#options.openCallsMax) return this.#fail(frame.id, tooManyCalls(), undefined);
    const context = this.#host.open(method, {
      timeoutMs: frame.timeoutMs,
      metadata: metadataOf(new Map(frame.metadata)),
    });
    const { id } = frame;
    const requests = method.definition.requestStream
      ? new StreamInbox<unknown>(
          (bytes) => decodeRequest(method, bytes),
          (count) => this.#frames.send({ kind: 'credit', id, count }),
        )
      : undefined;
    const credit = new StreamCredit();
    context.onCancel((reason) => {
      requests?.fail(reason);
      credit.stop();
    });
    const open: Open = { method, context, requests, credit };
    this.#open.set(id, open);
    const input = (): unknown => requests ?? decodeRequest(method, frame.request ?? new Uint8Array());
    const work = method.definition.responseStream ? this.#stream(id, open, input) : this.#single(id, open, input);
    work.catch((thrown: unknown) => this.#fail(id, thrown, context)).finally(() => this.#open.delete(id));
  }

  async #single(id: number, { method, context }: Open, input: () => unknown): Promise<void> {
    const answer = await this.#host.call(method, context, input);
    const response = ownBytes(method.definition.responseSerialize(answer));
    this.#frames.send({
      kind: 'status',
      id,
      code: StatusCode.OK,
      message: '',
      trailers: [...context.trailers],
      response,
    });
  }

  async #stream(id: number, { method, context, credit }: Open, input: () => unknown): Promise<void> {
    const answers = this.#host.stream(method, context, input);
    try {
      for (;;) {
        const answer = await answers.next();
        if (answer.done === true) break;
        const bytes = ownBytes(method.definition.responseSerialize(answer.value));
        if (!(await credit.take())) throw context.cancelReason ?? callCancelled(context.method);
        this.#frames.send({ kind: 'message', id, bytes });
      }
    } finally {
      void answers.return?.();
    }
    this.#frames.send({ kind: 'status', id, code: StatusCode.OK, message: '', trailers: [...context.trailers] });
  }

  #fail(id: number, thrown: unknown, context: CallContext | undefined): void {
    const { errorDomain: domain, onInternalError } = this.#options;
    const status = toGrpcStatus(thrown, {
      domain,
      onInternalError: (internal) => onInternalError?.(internal, context?.method ?? ''),
    });
    const [details] = status.metadata.get(STATUS_DETAILS_HEADER);
    this.#frames.send({
      kind: 'status',
      id,
      code: status.code,
      message: status.details,
      trailers: [...(context?.trailers ?? [])],
      ...(details instanceof Uint8Array ? { details: ownBytes(details) } : {}),
    });
  }
}

function decodeRequest(method: HostedMethod, bytes: Uint8Array): unknown {
  try {
    return method.definition.requestDeserialize(asBuffer(bytes));
  } catch (cause) {
    throw new StatusError({
      code: StatusCode.INVALID_ARGUMENT,
      reason: 'MALFORMED_REQUEST',
      message: `the request is not a message of ${method.definition.path}`,
      cause,
    });
  }
}

function tooManyCalls(): StatusError {
  return new StatusError({
    code: StatusCode.RESOURCE_EXHAUSTED,
    reason: 'TOO_MANY_OPEN_CALLS',
    message: 'too many calls are open on this port',
  });
}
