import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** What a link does with a statement on its way to the server. */
export type LinkFate =
  /** Passes it on. */
  | 'pass'
  /** Breaks before the server has it. */
  | 'cut'
  /** Lets the server have it, and breaks when it answers. */
  | 'cut_the_answer';

/** A link to a server that breaks when a test wants it to. */
export interface LossyLink {
  readonly port: number;
  /** Asked for each statement; by default all pass. May do something on its own first. */
  onStatement: (text: string) => LinkFate | Promise<LinkFate>;
  close(): Promise<void>;
}

/** Starts a link to a port of 127.0.0.1. */
export async function lossyLink(serverPort: number): Promise<LossyLink> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(serverPort, '127.0.0.1');
    const cut = (): void => {
      client.destroy();
      upstream.destroy();
    };
    let isAnswerCut = false;
    let work = Promise.resolve();
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', cut);
      socket.on('close', () => {
        sockets.delete(socket);
        cut();
      });
    }
    client.on('data', (bytes: Buffer) => {
      work = work.then(async () => {
        // Packet header of four bytes, then the command: 3 is a query. A long statement comes in several pieces.
        const fate = bytes[4] === 3 ? await link.onStatement(statementOf(bytes)) : 'pass';
        if (fate === 'cut') return cut();
        isAnswerCut ||= fate === 'cut_the_answer';
        upstream.write(bytes);
      });
    });
    upstream.on('data', (bytes: Buffer) => void (isAnswerCut ? cut() : client.write(bytes)));
  });
  const link: LossyLink = {
    port: 0,
    onStatement: () => 'pass',
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(link, { port: (server.address() as AddressInfo).port });
}

/** MySQL 8 and later are sent how many attributes a query has (none) before its text; MariaDB is not. */
function statementOf(query: Buffer): string {
  const hasAttributes = query[5] === 0 && query[6] === 1;
  return query.toString('latin1', hasAttributes ? 7 : 5);
}
