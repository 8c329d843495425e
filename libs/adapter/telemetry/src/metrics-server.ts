import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface MetricsServerOptions {
  /** `host:port`, port 0 for any free one. It shows the inside of the process: an address that only the scraper reaches. */
  readonly address: string;
  /** The page of metrics in the format that an `Accept` header asks for. */
  readonly metrics: (accept: string | undefined) => { readonly contentType: string; readonly body: string };
  /** What `/state` shows, as JSON, for people. Default: there is no such page. */
  readonly state?: () => unknown;
  /** What `/healthz` says. Default: that the process answers is enough. */
  readonly healthy?: () => boolean;
  /** Told of what `metrics` or `healthy` threw; the scraper gets 500. Default: nobody is told. */
  readonly onError?: (error: unknown) => void;
}

/** A listening endpoint. */
export interface MetricsServer {
  /** `host:port`, as it was bound. */
  readonly address: string;
  /** Stops listening, lets answers under way end within `limitMs` milliseconds (default 1,000), then cuts them off. */
  close(limitMs?: number): Promise<void>;
}

/** The most connections at a time; more are closed at once. */
export const CONNECTIONS_MAX = 32;
/** The longest that a request's headers may take to arrive, and an idle connection is kept, milliseconds. */
export const REQUEST_MS_MAX = 5_000;
/** The longest headers, bytes. */
export const HEADER_BYTES_MAX = 8_192;

/**
 * Serves `GET /metrics`, `GET /healthz` and `GET /state` over HTTP, and nothing else. Rejects when it cannot listen.
 * Throws RangeError for an address that is none.
 */
export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const { host, port } = parseAddress(options.address);
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: REQUEST_MS_MAX,
      requestTimeout: REQUEST_MS_MAX,
      keepAliveTimeout: REQUEST_MS_MAX,
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => answer(options, request, response),
  );
  server.maxConnections = CONNECTIONS_MAX;
  server.listen(port, host);
  await once(server, 'listening');
  return {
    address: `${host}:${(server.address() as AddressInfo).port}`,
    close: (limitMs = 1_000) => close(server, limitMs),
  };
}

function parseAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, Math.max(0, colon));
  const port = /^\d{1,5}$/.test(address.slice(colon + 1)) ? Number(address.slice(colon + 1)) : NaN;
  if (host === '' || !(port <= 65_535))
    throw new RangeError(`address must be host:port, got ${JSON.stringify(address)}`);
  return { host: host.replace(/^\[|\]$/g, ''), port };
}

function answer(options: MetricsServerOptions, request: IncomingMessage, response: ServerResponse): void {
  const path = (request.url ?? '').split('?', 1)[0];
  const known = path === '/metrics' || path === '/healthz' || (path === '/state' && options.state !== undefined);
  if (!known) return send(response, 404, 'not found\n');
  if (request.method !== 'GET') {
    response.setHeader('allow', 'GET');
    // A body is not waited for.
    response.setHeader('connection', 'close');
    return send(response, 405, 'only GET\n');
  }
  try {
    if (path === '/healthz') {
      const isHealthy = options.healthy?.() ?? true;
      return send(response, isHealthy ? 200 : 503, isHealthy ? 'ok\n' : 'not ok\n');
    }
    if (path === '/state') {
      return send(response, 200, `${JSON.stringify(options.state?.(), null, 2)}\n`, 'application/json');
    }
    const { contentType, body } = options.metrics(request.headers.accept);
    send(response, 200, body, contentType);
  } catch (error) {
    options.onError?.(error);
    send(response, 500, 'failed\n');
  }
}

function send(response: ServerResponse, status: number, body: string, contentType = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

async function close(server: Server, limitMs: number): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), limitMs);
  await closed;
  clearTimeout(cut);
}
