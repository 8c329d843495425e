import { withoutPassword } from '@giftmesh/kernel-errors';

/** Where a database is, taken apart. */
export interface DatabasePlace {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

const PORT_DEFAULT = 3306;

/**
 * Reads `mysql://user:password@host:port/database` (or `mariadb://…`), percent-encoded where needed. Throws RangeError for another text,
 * without its password.
 */
export function parseDatabaseUrl(text: string): DatabasePlace {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const refuse = (problem: string): never => {
    throw new RangeError(
      `url must be mysql://user:password@host:port/database, got ${withoutPassword(text)}: ${problem}`,
    );
  };
  if (url === undefined) return refuse('it is no URL');
  if (url.protocol !== 'mysql:' && url.protocol !== 'mariadb:') return refuse(`its scheme is ${url.protocol}`);
  if (url.hostname === '') return refuse('it names no host');
  if (url.username === '') return refuse('it names no user');
  if (url.search !== '' || url.hash !== '') return refuse('settings are no part of it');
  let database: string;
  let user: string;
  let password: string;
  try {
    [database, user, password] = [url.pathname.slice(1), url.username, url.password].map(decodeURIComponent) as [
      string,
      string,
      string,
    ];
  } catch {
    return refuse('it has a wrong percent sign');
  }
  if (!/^[\w-]{1,64}$/.test(database)) return refuse('its database must be named by 1 to 64 letters, digits, _ or -');
  // Of an address in brackets, the brackets are no part.
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { host, port: url.port === '' ? PORT_DEFAULT : Number(url.port), user, password, database };
}

/** A place for messages: without user and password. */
export function nameOfPlace({ host, port, database }: DatabasePlace): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}/${database}`;
}
