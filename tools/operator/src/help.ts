const COMMON = `  --data DIR     the data folder (default: GIFTMESH_DATA_DIR, or data)
  --mysql URL, --redis URL[,URL...], --kafka HOST:PORT[,...], --topic NAME
                 the servers of a mesh on servers (default: GIFTMESH_MYSQL_URL, GIFTMESH_REDIS_URL, GIFTMESH_KAFKA_BROKERS,
                 GIFTMESH_KAFKA_TOPIC, if GIFTMESH_STORES is servers); passwords are better there, for others see command lines
  --json         print one JSON object instead of tables; int64 values are text`;

const STATION =
  '  --station H:P  the payment station of a data folder (default: 127.0.0.1:7002, if the folder is in use)';

const USUAL_CODES = 'those of: npm run operator -- --help';

/** What can be asked for. */
export const HELP = `Usage: npm run operator -- <command> [options]

Looks at the books of a mesh, on a data folder or on servers, and takes care of its dead letters. May run while the mesh does.

Commands that only look:
  reconcile            do the books agree? (npm run reconcile)
  account show <user>  a user's balances, newest records, and what is on its way
  outbox               what waits for the ledger
  dlq list             events that the ledger could not apply
  dlq show <id>        one of them, whole

Commands that change money:
  dlq replay <id>      applies it again, at most once (--all: each of them)
  dlq drop <id>        gives it up for ever (--reason TEXT)

Options:
${COMMON}
  --help         this text, or that of a command

Exit codes: 0 all is well, 1 something is not (see the command's help), 64 the command line is wrong, 65 a file is damaged or not
ours, 66 there is no such data folder or dead letter, 69 a server can't be used or does not answer, 73 a file can't be written,
75 a file is locked, 78 a setting is wrong.`;

/** The commands' own texts. */
export const HELP_OF = {
  reconcile: `Usage: npm run reconcile -- [options]

Proves that the books agree, or lists where they don't: every account with its records, every event with its legs, orders
and reversals with theirs, all balances with what came in and went out; then the balances in Redis, or in the station's memory,
with the ledger and what log and outbox have on top of it, account by account. Accounts that are just changing are looked at again.
It says whether the mesh is at rest or something is in flight: that explains what differs by just that, and is no difference.

Options:
${COMMON}
${STATION}

Exit codes: 0 no difference, 1 differences (each is listed, with its event ids), and ${USUAL_CODES}`,
  dlq: `Usage: npm run operator -- dlq list [--dropped] [options]
       npm run operator -- dlq show <id> [options]
       npm run operator -- dlq replay <id> | --all [options]
       npm run operator -- dlq drop <id> --reason TEXT [--by NAME] [options]

Dead letters are records of the log that the ledger could not apply. Their payers' coins are spent, nobody has got them yet, and
reconcile is red. Payment-DA tries them again by itself for 13 hours, and once at its start.

  list     all of them, or those that were dropped; exit code 1 while there are any
  show     one, with its event, the reason, and its next try
  replay   applies the event as if it stood in the log: at most once, whoever else tries, whether the mesh runs or not.
           What stood behind a fence never counted; that is said, and the letter goes. Exit code 1 if a letter stays.
  drop     removes one for ever, and writes down who did it and why. Nobody gets the coins; their payer has them again as soon as her
           balance is loaded anew (the mesh is started, or she has been away for an hour).

Options:
  --all          replay: each dead letter, the oldest first
  --dropped      list: those that were dropped, the newest first
  --reason TEXT  drop: why, in one line of up to 500 characters
  --by NAME      drop: who (default: the name of the system's user)
${COMMON}

Exit codes: 0 done, or none; 1 some are left; 66 there is no such letter; and ${USUAL_CODES}`,
  account: `Usage: npm run operator -- account show <user> [options]

Shows a user's accounts in the ledger and in Redis, or the station's memory, what is on its way to the ledger (in the outbox, in the
log, or parked as a dead letter), and the newest records.

Options:
  --records N    how many records (default: 20, up to 1000)
${COMMON}
${STATION}`,
  outbox: `Usage: npm run operator -- outbox [options]

Shows what waits for the ledger: per partition, how far it is behind the log, and the events between, with their age. Every gift that
was answered OK and is not in the ledger is among them. On servers, also what waits in the outboxes of Redis, by shard and age, and
how far each of it has come. Of a data folder that is in the memory of the station, where nobody can look.

Options:
  --records N    how many events (default: 20, up to 1000)
${COMMON}

Exit codes: 0 done, 1 the ledger can't go on (its position is none that the log has), and ${USUAL_CODES}`,
} as const;
