import type { MessagePort } from 'node:worker_threads';
import { Metadata } from '@grpc/grpc-js';
import type { StatusError } from '@giftmesh/kernel-errors';
import { systemClock, type Clock } from '@giftmesh/kernel-time';
import { metadataOf, type MethodDefinition, type OutgoingCall } from '@giftmesh/mesh-context';
import { DEADLINE_HEADER, formatDeadlineStamp } from '@giftmesh/mesh-deadline';
import { fromGrpcError, STATUS_DETAILS_HEADER, toStatusError } from '@giftmesh/mesh-errors';
import { decodeResponse, encodeRequest } from '../codec';
import { requestsOf } from '../requests';
import type { Transport } from '../transport';
import { peerGone, transportClosed } from '../transport-errors';
import { FramePort } from './frame-port';
import { asBuffer, ownBytes, type Frame, type StatusFrame } from './frames';
import { StreamCredit, StreamInbox } from './stream-window';

export interface MessagePortTransportOptions {
  /** For the deadline stamp. Default the process's real time. */
  readonly clock?: Clock;
}

/** What the frames of an open call go to. */
interface Pending {
  readonly call: OutgoingCall;
  readonly onStatus: (frame: StatusFrame) => void;
  readonly inbox?: StreamInbox<unknown>;
  readonly credit?: StreamCredit;
}

/**
 * Calls the services that another thread serves with `serveMessagePort` on the other end of a MessageChannel. When that
 * end is closed or its thread dies, all open and later calls fail with UNAVAILABLE.
 */
export function messagePortTransport(port: MessagePort, options: MessagePortTransportOptions = {}): Transport {
  return new MessagePortTransport(port, options.clock ?? systemClock);
}

class MessagePortTransport implements Transport {
  readonly #clock: Clock;
  readonly #frames: FramePort;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #closed: StatusError | undefined;

  constructor(port: MessagePort, clock: Clock) {
    this.#clock = clock;
    this.#frames = new FramePort(port, {
      onFrame: (frame) => this.#onFrame(frame),
      onClose: () => this.#end(peerGone()),
    });
  }

  call(method: MethodDefinition, input: unknown, call: OutgoingCall): Promise<unknown> {
    return new Promise((resolve, reject) => {
      call.onCancel(reject);
      const onStatus = (frame: StatusFrame): void => {
        if (frame.code !== 0) return reject(errorOf(frame));
        try {
          resolve(decodeResponse(method, asBuffer(frame.response ?? new Uint8Array())));
        } catch (malformed) {
          reject(toStatusError(malformed));
        }
      };
      const credit = method.requestStream ? new StreamCredit() : undefined;
      this.#begin(method, input, { call, onStatus, ...(credit === undefined ? {} : { credit }) });
    });
  }

  async *stream(method: MethodDefinition, input: unknown, call: OutgoingCall): AsyncIterableIterator<unknown> {
    let id = 0;
    const inbox = new StreamInbox<unknown>(
      (bytes) => decodeResponse(method, asBuffer(bytes)),
      (count) => this.#frames.send({ kind: 'credit', id, count }),
    );
    call.onCancel((reason) => inbox.fail(reason));
    const onStatus = (frame: StatusFrame): void => inbox.end(frame.code === 0 ? undefined : errorOf(frame));
    const credit = method.requestStream ? new StreamCredit() : undefined;
    id = this.#begin(method, input, { call, onStatus, inbox, ...(credit === undefined ? {} : { credit }) });
    yield* inbox;
  }

  close(): void {
    this.#end(transportClosed());
    this.#frames.close();
  }

  /** Sends a call on its way and returns its id. Throws a StatusError when it cannot. */
  #begin(method: MethodDefinition, input: unknown, pending: Pending): number {
    const { call } = pending;
    if (this.#closed !== undefined) throw this.#closed;
    if (call.cancelReason !== undefined) throw call.cancelReason;
    const timeoutMs = call.remainingMs();
    const stamp: [string, string][] =
      timeoutMs === Infinity ? [] : [[DEADLINE_HEADER, formatDeadlineStamp(this.#clock.nowMs() + timeoutMs)]];
    const request = method.requestStream ? {} : { request: ownBytes(encodeRequest(method, input)) };
    const id = (this.#lastId += 1);
    const metadata = [...call.metadata, ...stamp];
    this.#frames.send({ kind: 'call', id, path: method.path, timeoutMs, metadata, ...request });
    this.#pending.set(id, pending);
    call.onCancel(() => {
      if (!this.#pending.delete(id)) return;
      pending.credit?.stop();
      this.#frames.send({ kind: 'cancel', id });
    });
    if (pending.credit !== undefined) this.#sendRequests(id, method, input, call, pending.credit);
    return id;
  }

  #sendRequests(id: number, method: MethodDefinition, input: unknown, call: OutgoingCall, credit: StreamCredit): void {
    const requests = requestsOf(input, call);
    const send = async (): Promise<void> => {
      for (;;) {
        if (!(await credit.take())) return void requests.return?.();
        const request = await requests.next();
        if (!this.#pending.has(id)) return void requests.return?.();
        if (request.done === true) break;
        this.#frames.send({ kind: 'message', id, bytes: ownBytes(encodeRequest(method, request.value)) });
      }
      this.#frames.send({ kind: 'end', id });
    };
    send().catch((thrown: unknown) => {
      if (this.#pending.has(id)) call.cancel(toStatusError(thrown));
    });
  }

  #onFrame(frame: Frame): void {
    const pending = this.#pending.get(frame.id);
    if (pending === undefined) return;
    if (frame.kind === 'message') pending.inbox?.push(frame.bytes);
    else if (frame.kind === 'credit') pending.credit?.add(frame.count);
    else if (frame.kind === 'status') {
      this.#pending.delete(frame.id);
      pending.credit?.stop();
      pending.call.trailers = metadataOf(new Map(frame.trailers));
      pending.onStatus(frame);
    }
  }

  #end(reason: StatusError): void {
    this.#closed ??= reason;
    for (const { call } of [...this.#pending.values()]) call.cancel(reason);
  }
}

function errorOf(frame: StatusFrame): StatusError {
  const metadata = new Metadata();
  if (frame.details !== undefined) metadata.set(STATUS_DETAILS_HEADER, asBuffer(frame.details));
  return fromGrpcError({ code: frame.code, details: frame.message, metadata });
}
