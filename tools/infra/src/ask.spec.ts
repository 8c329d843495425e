import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { ask } from './ask';
import { askKafka } from './ask-kafka';
import { askMysql } from './ask-mysql';
import { askRedis } from './ask-redis';

/** Servers that misbehave. */
describe('ask', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  const serve = async (greet: (socket: Socket) => void): Promise<{ port: number }> => {
    server = createServer((socket) => greet(socket.on('error', () => undefined))).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { port: (server.address() as AddressInfo).port };
  };

  it('reads an answer that comes in pieces', async () => {
    const place = await serve((socket) => {
      socket.write('+PO');
      setImmediate(() => socket.write('NG\r\n$5\r\nhe'));
      setTimeout(() => socket.write('llo\r\n$-1\r\n:42\r\n-ERR no\r\n'), 20);
    });
    const commands = ['PING', 'GET', 'GET', 'INCR', 'NO'].map((word) => [word]);
    expect(await askRedis(place, ...commands)).toEqual(['PONG', 'hello', '', '42', '-ERR no']);
  });

  it.each<[string, (socket: Socket) => void, number, string]>([
    ['is silent', () => undefined, 100, 'no answer from 127.0.0.1:'],
    ['hangs up', (socket) => void socket.end('+PO'), 10_000, 'hung up'],
    ['never stops', (socket) => void socket.write(Buffer.alloc(2 << 20)), 10_000, 'does not stop talking'],
  ])('rejects when a server %s', async (_, greet, waitMsMax, message) => {
    const place = await serve(greet);
    await expect(ask({ ...place, waitMsMax }, () => false)).rejects.toThrow(message);
  });

  it('knows what is not the server that was asked for', async () => {
    const place = await serve((socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await expect(askRedis(place, ['PING'])).rejects.toThrow('not an answer of Redis: HTTP/1.1 400');
    await expect(askMysql(place)).rejects.toThrow(/no answer|not a server of MySQL/);
    await expect(askKafka(place)).rejects.toThrow(/no answer|not a Kafka broker/);
  });

  it('tells a server of MySQL that refuses from one that greets', async () => {
    const refusing = await serve(
      (socket) => void socket.write(Buffer.from([5, 0, 0, 0, 0xff, 0x10, 0x04, 0x6e, 0x6f])),
    );
    await expect(askMysql(refusing)).rejects.toThrow('the server refuses: no');
    server?.close();
    const greeting = await serve((socket) => void socket.write(Buffer.from([4, 0, 0, 0, 10, 0x38, 0x2e, 0])));
    expect(await askMysql(greeting)).toBe('8.');
  });
});
