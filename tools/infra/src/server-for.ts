import { KNOWN_SERVERS, type ServerName } from './known-servers';

/** A server that a test may use. Others may use it too: take a database, a key prefix or a topic of your own. */
export interface BorrowedServer {
  /** `redis://…`, `mysql://…`, or Kafka's `host:port,host:port`. */
  readonly url: string;
  /** Ends it if it was started for you. */
  giveBack(): Promise<void>;
}

/**
 * A server that answers and keeps what it answered: the one that the environment names (GIFTMESH_REDIS_URL, GIFTMESH_MYSQL_URL,
 * GIFTMESH_KAFKA_BROKERS), or else a private one. Rejects when the named one does not answer, and as `startRedis` and its like.
 */
export async function serverFor(
  name: ServerName,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<BorrowedServer> {
  const { variable, check, start } = KNOWN_SERVERS[name];
  const named = environment[variable] || undefined;
  if (named === undefined) {
    const server = await start({});
    return { url: server.url, giveBack: () => server.kill() };
  }
  try {
    await check(named);
  } catch (error) {
    throw new Error(`the ${name} of ${variable} does not answer`, { cause: error });
  }
  return { url: named, giveBack: async () => undefined };
}
