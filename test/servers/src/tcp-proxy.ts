import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { OneWay, type Weather } from './one-way';

/** What is wrong with a link. */
export type LinkTrouble =
  /** Connections break at once, new ones too. */
  | { readonly kind: 'cut' }
  /** Connections stand and can be made, but nothing gets through: from the caller (`there`), from the server (`back`), or both ways. */
  | { readonly kind: 'stalled'; readonly direction: 'there' | 'back' | 'both' }
  /** Everything is on its way for longer, milliseconds each way. */
  | { readonly kind: 'slow'; readonly delayMs: number };

/**
 * A link to a server of 127.0.0.1 that can be cut, stalled and slowed down while connections run over it. What was sent into a stalled link
 * gets there when it is healed, however late, as it does when packets were lost.
 */
export class TcpProxy {
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  #targetPort: number | undefined;
  #trouble: LinkTrouble | undefined;

  private constructor(targetPort: number | undefined) {
    this.#targetPort = targetPort;
    // A side that has said all that it had may still hear the other.
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#onClient(client));
  }

  /** Listens on a free port. @param targetPort connections break until there is one. */
  static async start(targetPort?: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Where it leads from now on; connections to where it led before break. */
  lead(targetPort: number): void {
    if (targetPort === this.#targetPort) return;
    this.#targetPort = targetPort;
    this.#breakAll();
  }

  /** What is wrong from now on, or nothing. */
  set trouble(trouble: LinkTrouble | undefined) {
    this.#trouble = trouble;
    if (trouble?.kind === 'cut') this.#breakAll();
    else for (const { ways } of this.#connections) for (const way of ways) way.pump();
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#breakAll();
    await once(this.#server, 'close');
  }

  #onClient(client: Socket): void {
    client.on('error', () => undefined);
    if (this.#trouble?.kind === 'cut' || this.#targetPort === undefined) {
      client.destroy();
      return;
    }
    const server = connect({ port: this.#targetPort, host: '127.0.0.1', allowHalfOpen: true });
    server.on('error', () => undefined);
    for (const socket of [client, server]) socket.setNoDelay(true);
    const connection: Connection = {
      sockets: [client, server],
      ways: [
        new OneWay(client, server, () => this.#weather('there')),
        new OneWay(server, client, () => this.#weather('back')),
      ],
    };
    this.#connections.add(connection);
    let open = connection.sockets.length;
    for (const socket of connection.sockets)
      socket.on('close', () => {
        open -= 1;
        if (open === 0) this.#connections.delete(connection);
      });
  }

  #weather(direction: 'there' | 'back'): Weather {
    const trouble = this.#trouble;
    if (trouble?.kind === 'slow') return { stalled: false, delayMs: trouble.delayMs };
    const stalled = trouble?.kind === 'stalled' && (trouble.direction === 'both' || trouble.direction === direction);
    return { stalled, delayMs: 0 };
  }

  /** In good order as far as TCP is concerned: a process that has reset connections (`resetAndDestroy`) may hang at its end (seen on Node 20). */
  #breakAll(): void {
    for (const { sockets } of this.#connections) for (const socket of sockets) socket.destroy();
  }
}

interface Connection {
  readonly sockets: readonly [client: Socket, server: Socket];
  readonly ways: readonly OneWay[];
}
