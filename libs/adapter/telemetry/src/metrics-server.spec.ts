import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import {
  CONNECTIONS_MAX,
  HEADER_BYTES_MAX,
  startMetricsServer,
  type MetricsServer,
  type MetricsServerOptions,
} from './index';

const open: MetricsServer[] = [];

afterEach(async () => {
  for (const server of open.splice(0)) await server.close(0);
});

async function start(options: Partial<MetricsServerOptions> = {}): Promise<MetricsServer> {
  const server = await startMetricsServer({
    address: '127.0.0.1:0',
    metrics: (accept) => ({ contentType: 'text/plain', body: `accept ${accept}\n` }),
    ...options,
  });
  open.push(server);
  return server;
}

const get = (server: MetricsServer, path: string, init?: RequestInit) => fetch(`http://${server.address}${path}`, init);

describe('startMetricsServer', () => {
  it('serves metrics in the format that was asked for, and health', async () => {
    let isHealthy = true;
    const server = await start({ healthy: () => isHealthy });
    const metrics = await get(server, '/metrics?name=x', { headers: { accept: 'application/openmetrics-text' } });
    expect([metrics.status, metrics.headers.get('content-type'), await metrics.text()]).toEqual([
      200,
      'text/plain',
      'accept application/openmetrics-text\n',
    ]);
    const well = await get(server, '/healthz');
    isHealthy = false;
    const unwell = await get(server, '/healthz');
    expect([well.status, await well.text(), unwell.status, await unwell.text()]).toEqual([
      200,
      'ok\n',
      503,
      'not ok\n',
    ]);
  });

  it.each([
    ['GET', '/', 404],
    ['GET', '/metrics/', 404],
    ['GET', '/metrics/../etc/passwd', 404],
    ['POST', '/metrics', 405],
    ['DELETE', '/healthz', 405],
    ['HEAD', '/metrics', 405],
    ['POST', '/other', 404],
  ])('answers %s %s with %d', async (method, path, status) => {
    const server = await start();
    const response = await get(server, path, method === 'POST' ? { method, body: 'x'.repeat(100_000) } : { method });
    expect(response.status).toBe(status);
    await response.text();
    expect((await get(server, '/healthz')).status).toBe(200);
  });

  it('survives what the page throws, and shows none of it', async () => {
    const errors: unknown[] = [];
    const server = await start({
      metrics: () => {
        throw new Error('secret');
      },
      onError: (error) => errors.push(error),
    });
    const response = await get(server, '/metrics');
    expect([response.status, await response.text(), errors.map(String)]).toEqual([500, 'failed\n', ['Error: secret']]);
  });

  it('refuses headers that are too long', async () => {
    const server = await start();
    const [host, port] = server.address.split(':');
    const sent = request({ host, port, path: '/metrics', headers: { 'x-long': 'x'.repeat(HEADER_BYTES_MAX) } });
    sent.end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(431);
    response.resume();
  });

  it('closes connections beyond its limit', async () => {
    const server = await start();
    const [host, port] = server.address.split(':');
    const sockets = Array.from({ length: CONNECTIONS_MAX }, () => connect(Number(port), host));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    const more = connect(Number(port), host);
    await once(more, 'close');
    for (const socket of sockets) socket.destroy();
  });

  it('closes with a client that never lets go, and only once', async () => {
    const server = await start();
    const [host, port] = server.address.split(':');
    const socket = connect(Number(port), host);
    const ended = once(socket, 'close');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write('GET /metrics HTTP/1.1\r\nhost: x\r\n');
    await server.close(20);
    await server.close(20);
    await ended;
    await expect(get(server, '/healthz')).rejects.toThrow();
  });

  it.each(['', '7000', ':7000', '127.0.0.1:', '127.0.0.1:http', '127.0.0.1:70000', '127.0.0.1:-1'])(
    'refuses the address %j',
    async (address) => {
      await expect(start({ address })).rejects.toThrow(`address must be host:port, got ${JSON.stringify(address)}`);
    },
  );

  it('rejects when the port is taken', async () => {
    const server = await start();
    await expect(start({ address: server.address })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
