import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the ports that systems give to outgoing connections (Linux from 32768, others from 49152). Among those, a client that tries again
 * and again to reach a server which is down would in the end get the server's own port, and keep it from coming back.
 */
const PORTS = { from: 20_000, to: 32_767 } as const;
const PORTS_ASKED_MAX = 100;

/** A port of 127.0.0.1 that nobody listened on a moment ago. Another process may take it before you do: be ready to try again. */
export async function freePort(): Promise<number> {
  for (let asked = 0; asked < PORTS_ASKED_MAX; asked += 1) {
    const port = randomInt(PORTS.from, PORTS.to + 1);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port of 127.0.0.1 among ${PORTS_ASKED_MAX} from ${PORTS.from} to ${PORTS.to}`);
}

/** Whether nobody listens on a port of 127.0.0.1. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
