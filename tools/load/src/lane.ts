import { Http2Connection } from './http2/connection';

const RECONNECT_AFTER_MS = 50;

/** Keeps one connection up while it runs, so that load goes on after a server's restart. */
export class Lane {
  readonly #address: string;
  readonly #onConnected: (connection: Http2Connection) => void;
  #connection: Http2Connection | undefined;
  #running = false;

  /** @param onConnected starts the calls of a new connection; those of the old one have ended. */
  constructor(address: string, onConnected: (connection: Http2Connection) => void) {
    this.#address = address;
    this.#onConnected = onConnected;
  }

  /** Connects; rejects when it can't the first time. */
  async start(): Promise<void> {
    this.#running = true;
    await this.#connect();
  }

  /** Connects no more and closes the connection; calls in flight end with UNAVAILABLE. */
  stop(): void {
    this.#running = false;
    this.#connection?.close();
  }

  async #connect(): Promise<void> {
    const connection = await Http2Connection.connect(this.#address);
    this.#connection = connection;
    connection.onClosed = () => this.#reconnect();
    this.#onConnected(connection);
  }

  #reconnect(): void {
    if (!this.#running) return;
    setTimeout(() => {
      if (this.#running) this.#connect().catch(() => this.#reconnect());
    }, RECONNECT_AFTER_MS);
  }
}
