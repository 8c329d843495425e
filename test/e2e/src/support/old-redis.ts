import { createServer, type Server, type Socket } from 'node:net';

/** What a Redis of version 6.2 says of itself, and otherwise everything that is asked for. */
const INFO = [
  'redis_version:6.2.14',
  'arch_bits:64',
  'role:master',
  'cluster_enabled:0',
  'maxmemory_policy:noeviction',
  'aof_enabled:1',
  'loading:0',
  '',
].join('\r\n');

/**
 * Stands in for a Redis below 7: distributions that are young enough for Node 20 have none. It speaks the protocol, answers INFO as
 * version 6.2 does, CONFIG GET with what is wanted, and all else with OK.
 */
export async function startOldRedis(): Promise<{ readonly port: number; close(): void }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.setEncoding('utf8').on('data', (text: string) => {
      // Commands are short and come whole: arrays of bulk strings.
      for (const command of text.split(/^\*\d+\r\n/m).filter((part) => part !== '')) socket.write(answerTo(command));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { readonly port: number }).port,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function answerTo(command: string): string {
  const [name = '', , , what = ''] = command.split('\r\n').slice(1);
  if (/^info$/i.test(name)) return bulk(INFO);
  if (/^config$/i.test(name)) return `*2\r\n${bulk('appendfsync')}${bulk('always')}`;
  if (/^hello$/i.test(name)) return `-NOPROTO unsupported protocol version ${what}\r\n`;
  return '+OK\r\n';
}

const bulk = (text: string): string => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
