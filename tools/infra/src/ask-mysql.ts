import { ask } from './ask';

/** The version that a server of MySQL's protocol greets with. Rejects when none does, or it greets with an error. */
export async function askMysql(server: { readonly port: number; readonly host?: string }): Promise<string> {
  // It speaks first: three bytes of length, a number, the version of the protocol, the server's version, zero.
  const greeting = await ask(server, (bytes) => bytes.length >= 4 && bytes.length >= 4 + bytes.readUIntLE(0, 3));
  if (greeting[4] === 0xff) throw new Error(`the server refuses: ${greeting.toString('utf8', 7)}`);
  if (greeting[4] !== 10) throw new Error('not a server of MySQL');
  return greeting.toString('utf8', 5, greeting.indexOf(0, 5));
}
