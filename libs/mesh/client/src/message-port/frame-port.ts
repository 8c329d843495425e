import type { MessagePort } from 'node:worker_threads';
import type { Frame } from './frames';

export interface FramePortHandlers {
  readonly onFrame: (frame: Frame) => void;
  /** The other side closed the port or died, or this side closed it. Called once. */
  readonly onClose: () => void;
}

/** Sends and receives frames. All that is sent in one turn of the microtask queue goes in one message: posting is what costs. */
export class FramePort {
  readonly #port: MessagePort;
  readonly #handlers: FramePortHandlers;
  #pending: Frame[] = [];
  #closed = false;

  constructor(port: MessagePort, handlers: FramePortHandlers) {
    this.#port = port;
    this.#handlers = handlers;
    port.on('message', (frames: unknown) => {
      if (!Array.isArray(frames)) return;
      for (const frame of frames as Frame[]) if (!this.#closed) handlers.onFrame(frame);
    });
    port.on('messageerror', () => this.close());
    port.on('close', () => this.#end());
  }

  send(frame: Frame): void {
    if (this.#closed) return;
    if (this.#pending.push(frame) === 1) queueMicrotask(() => this.#flush());
  }

  close(): void {
    this.#flush();
    this.#port.close();
    this.#end();
  }

  #flush(): void {
    if (this.#pending.length === 0 || this.#closed) return;
    const frames = this.#pending;
    this.#pending = [];
    this.#port.postMessage(frames);
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#pending = [];
    this.#handlers.onClose();
  }
}
