import { connect, type Socket } from 'node:net';

/** One question over TCP. */
export interface Question {
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** What is sent, if the server does not speak first. */
  readonly send?: Buffer | string;
  /** The longest wait for the whole answer, milliseconds. Default 1000. */
  readonly waitMsMax?: number;
  /** In place of a plain TCP connection. */
  readonly connect?: () => Socket;
}

/** The longest answer that is read, bytes. */
const ANSWER_MAX = 1 << 20;

/**
 * Asks a server and reads until `isWhole` says that all of the answer is there. Rejects when it does not answer in time, hangs up, or
 * sends more than a mebibyte, and with what `isWhole` throws.
 */
export function ask(question: Question, isWhole: (answer: Buffer) => boolean): Promise<Buffer> {
  const { port, host = '127.0.0.1', send, waitMsMax = 1_000 } = question;
  return new Promise((resolve, reject) => {
    const socket = question.connect?.() ?? connect(port, host);
    let answer = Buffer.alloc(0);
    const fail = (error: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => fail(new Error(`no answer from ${host}:${port} in ${waitMsMax} ms`)), waitMsMax);
    socket.on('error', fail);
    socket.on('close', () => fail(new Error(`${host}:${port} hung up`)));
    if (send !== undefined) socket.write(send);
    socket.on('data', (bytes: Buffer) => {
      answer = Buffer.concat([answer, bytes]);
      if (answer.length > ANSWER_MAX) return fail(new Error(`${host}:${port} does not stop talking`));
      try {
        if (!isWhole(answer)) return;
      } catch (error) {
        return fail(error as Error);
      }
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    });
  });
}
