import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { EXIT, ExitError } from '@giftmesh/adapter-process';
import type { ServerUrls } from './plan';

const INFRA = join(__dirname, '../../infra/dist/main.js');

/** Brings Redis, MariaDB and Kafka up, or finds them. Throws ExitError with what to do when one does not answer. */
export async function serversUp(): Promise<ServerUrls> {
  // Progress and complaints go to the terminal as they come.
  const child = spawn(process.execPath, [INFRA, 'up', '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [answer, [code]] = await Promise.all([text(child.stdout), once(child, 'exit') as Promise<[number | null]>]);
  if (code !== 0) throw new ExitError('the servers are not up: npm run infra -- status', EXIT.UNAVAILABLE);
  return urlsOf(answer, process.env);
}

/** Where servers are: those that were started by what `infra` says, the others as the environment has them, passwords and all. */
export function urlsOf(answer: string, environment: Readonly<Record<string, string | undefined>>): ServerUrls {
  const { servers } = JSON.parse(answer) as {
    readonly servers: readonly { readonly source: string; readonly variable: string; readonly url: string | null }[];
  };
  return Object.fromEntries(
    servers.flatMap(({ source, variable, url }) => {
      const known = source === 'own' ? url : environment[variable];
      return known === null || known === undefined ? [] : [[variable, known]];
    }),
  );
}
