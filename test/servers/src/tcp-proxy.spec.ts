import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { TcpProxy } from './tcp-proxy';

/** Says what it is told, behind its name. */
async function echoServer(name: string): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('data', (bytes) => socket.write(`${name}${String(bytes)}`));
    socket.on('end', () => socket.end('.'));
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

/** Resolves when a connection is gone, however it went. */
const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });

describe('TcpProxy', () => {
  const open: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });

  async function link(): Promise<TcpProxy> {
    const server = await echoServer('a');
    const proxy = await TcpProxy.start(portOf(server));
    open.push(server, proxy);
    return proxy;
  }

  async function client(
    proxy: TcpProxy,
  ): Promise<{ socket: Socket; heard: () => string; until(text: string): Promise<void> }> {
    const socket = connect(proxy.port, '127.0.0.1');
    let heard = '';
    socket.on('data', (bytes) => (heard += String(bytes)));
    socket.on('error', () => undefined);
    await Promise.race([new Promise((resolve) => socket.once('connect', resolve)), closed(socket)]);
    const until = async (text: string): Promise<void> => {
      while (heard !== text) await once(socket, 'data');
    };
    return { socket, heard: () => heard, until };
  }

  it('forwards both ways, and what is said behind the end of one side', async () => {
    const { socket, until } = await client(await link());
    socket.write('1');
    await until('a1');
    socket.end();
    await until('a1.');
  });

  it('forwards more than it holds, in order', async () => {
    const proxy = await link();
    const { socket, heard } = await client(proxy);
    proxy.trouble = { kind: 'stalled', direction: 'back' };
    const bytes = 30_000_000;
    socket.end('x'.repeat(bytes));
    setTimeout(() => (proxy.trouble = undefined), 50);
    await once(socket, 'end');
    expect(heard().replaceAll('a', '')).toHaveLength(bytes + 1);
    expect(heard().endsWith('x.')).toBe(true);
  });

  it('breaks connections and takes no new ones while it is cut', async () => {
    const proxy = await link();
    const before = await client(proxy);
    before.socket.write('1');
    await before.until('a1');
    proxy.trouble = { kind: 'cut' };
    await closed(before.socket);
    const meanwhile = await client(proxy);
    await closed(meanwhile.socket);
    proxy.trouble = undefined;
    const { socket, until } = await client(proxy);
    socket.write('2');
    await until('a2');
  });

  it.each(['there', 'back', 'both'] as const)(
    'holds what goes %s while it is stalled, and delivers it late',
    async (direction) => {
      const proxy = await link();
      const { socket, heard, until } = await client(proxy);
      proxy.trouble = { kind: 'stalled', direction };
      socket.write('1');
      // Another link of the same process answers meanwhile, so this one would have.
      const other = await client(await link());
      other.socket.write('1');
      await other.until('a1');
      expect(heard()).toBe('');
      proxy.trouble = undefined;
      await until('a1');
    },
  );

  it('tells of the end of a stalled connection only when it is healed', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = await TcpProxy.start(portOf(server));
    open.push(server, proxy);
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const { socket } = await client(proxy);
    const [atServer] = await accepted;
    let isClosed = false;
    atServer
      .on('close', () => (isClosed = true))
      .on('error', () => undefined)
      .resume();
    proxy.trouble = { kind: 'stalled', direction: 'both' };
    socket.destroy();
    const other = await client(await link());
    other.socket.write('1');
    await other.until('a1');
    expect(isClosed).toBe(false);
    proxy.trouble = undefined;
    await closed(atServer);
  });

  it('delays each way while it is slow', async () => {
    const proxy = await link();
    const { socket, until } = await client(proxy);
    proxy.trouble = { kind: 'slow', delayMs: 60 };
    const startMs = performance.now();
    socket.write('1');
    await until('a1');
    expect(performance.now() - startMs).toBeGreaterThan(118);
  });

  it('leads elsewhere when it is told, and breaks what led to where it was', async () => {
    const proxy = await link();
    const other = await echoServer('b');
    open.push(other);
    const before = await client(proxy);
    before.socket.write('1');
    await before.until('a1');
    proxy.lead(portOf(other));
    await closed(before.socket);
    const { socket, until } = await client(proxy);
    socket.write('1');
    await until('b1');
  });

  it('breaks connections while it leads nowhere', async () => {
    const proxy = await TcpProxy.start();
    open.push(proxy);
    const { socket } = await client(proxy);
    await closed(socket);
  });
});
