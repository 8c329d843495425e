import { connect as connectTls } from 'node:tls';
import { ask } from './ask';

/** Where a Redis server listens. */
export interface RedisAddress {
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default false. */
  readonly tls?: boolean;
}

/**
 * What a Redis server answers to commands, in their order: texts and numbers as text, errors as text that begins with `-`, nothing as ''.
 * Knows no nested answers. Rejects when the server does not answer.
 */
export async function askRedis(
  { port, host = '127.0.0.1', tls = false }: RedisAddress,
  ...commands: readonly (readonly (string | number)[])[]
): Promise<string[]> {
  const send = commands.map(encode).join('');
  const question = { port, host, send, ...(tls && { connect: () => connectTls({ port, host, servername: host }) }) };
  const answer = await ask(question, (bytes) => decode(bytes).length >= commands.length);
  return decode(answer);
}

function encode(command: readonly (string | number)[]): string {
  const words = command.map((word) => `$${Buffer.byteLength(String(word))}\r\n${word}\r\n`);
  return `*${command.length}\r\n${words.join('')}`;
}

/** The whole answers in RESP2 at the start of `bytes`. */
function decode(bytes: Buffer): string[] {
  const answers: string[] = [];
  for (let at = 0; ;) {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return answers;
    const line = bytes.toString('utf8', at, end);
    at = end + 2;
    switch (line[0]) {
      case '+':
      case ':':
        answers.push(line.slice(1));
        break;
      case '-':
        answers.push(line);
        break;
      case '$': {
        const length = Number(line.slice(1));
        if (length < 0) {
          answers.push('');
          break;
        }
        if (bytes.length < at + length + 2) return answers;
        answers.push(bytes.toString('utf8', at, at + length));
        at += length + 2;
        break;
      }
      default:
        throw new Error(`not an answer of Redis: ${line}`);
    }
  }
}
