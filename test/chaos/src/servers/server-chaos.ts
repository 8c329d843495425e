import { auditLedgerDatabase } from '@giftmesh/adapter-mysql';
import { describeDifference, type Difference } from '@giftmesh/domain-money';
import { uuidV7Source } from '@giftmesh/kernel-ids';
import { seededRandom, type Random } from '@giftmesh/kernel-random';
import { sleep, systemClock } from '@giftmesh/kernel-time';
import type { Harness, MeshClients } from '@giftmesh/test-harness';
import { MeshLinks, MeshServers, ServerMesh } from '@giftmesh/test-servers';
import { Asked } from '../asked';
import { castOf, roomIdsOf } from '../cast';
import type { Counts } from '../counts';
import { Load } from '../load';
import { patiently } from '../patiently';
import { RoomWatch } from '../room-watch';
import { settleDown } from '../settle-down';
import { doFault } from './do-fault';
import { drawFault, type RedisKind } from './draw-fault';
import { kindsOf, losesDebits, movesWindow, type Fault } from './fault';
import { PoisonFeed } from './poison';

/** Epochs of one seed when nothing else is said, each with users of its own. */
const EPOCHS = 2;
/** Faults of one epoch when nothing else is said. */
const FAULTS = 8;
/** Load before and behind each fault, milliseconds: what was under way must meet it, and what comes then must be decided. */
const BEFORE_MS = [100, 700] as const;
const BEHIND_MS = [100, 500] as const;

/** One seed of so many has a cluster in the place of a single Redis. Counted, not drawn: four seeds in a row have met both. */
const CLUSTER_EVERY = 4;
/** The longest that it may take until everything is decided, milliseconds: each of three servers has come back a moment ago, on one machine. */
const DECIDE_MAX_MS = 180_000;
/** How often the files of a single Redis are copied away before a fault: what an older copy brings back is from then. */
const COPIED_AWAY = 0.3;

/** Of what processes logged, for a broken seed. */
const ERROR_LINES_SHOWN = 10;
const LAST_LINES_SHOWN = 20;

export interface SeedOptions {
  /** Decides the load and the faults, not how the processes' work interleaves with them. */
  readonly seed: number;
  readonly harness: Harness;
  readonly counts: Counts;
  readonly onProgress: (line: string) => void;
  /** Default {@link EPOCHS}. */
  readonly epochs?: number;
  /** Faults of each epoch. Default {@link FAULTS}. */
  readonly faults?: number;
  /** Default by the seed: a cluster in one seed of four. */
  readonly redis?: RedisKind;
}

/** Runs one seed on servers of its own: faults under load, and everything compared at rest. All that was wrong, a sentence each. */
export async function runSeed(options: SeedOptions): Promise<readonly string[]> {
  const { harness, seed, counts, epochs = EPOCHS } = options;
  const random = seededRandom(seed);
  const redis: RedisKind = options.redis ?? (seed % CLUSTER_EVERY === 0 ? 'cluster' : 'single');
  const links = await MeshLinks.open();
  let servers: MeshServers | undefined;
  try {
    servers = await MeshServers.start(harness.folder(`chaos-${seed}`), { links, redis });
    counts.add(`seeds on a ${redis === 'cluster' ? 'Redis Cluster' : 'single Redis'}`);
    const mesh = await ServerMesh.start(harness, servers);
    const poison = new PoisonFeed(servers, uuidV7Source(systemClock, random.fork()));
    const books = { haveHoles: false };
    for (let epoch = 0; epoch < epochs; epoch += 1) {
      const problems = await liveEpoch({
        ...options,
        servers,
        mesh,
        poison,
        books,
        redis,
        epoch,
        random: random.fork(),
      });
      counts.add('epochs');
      if (problems.length > 0) {
        for (const line of mesh.lastLines(LAST_LINES_SHOWN)) options.onProgress(line);
        return [...problems, ...mesh.errorLines().slice(0, ERROR_LINES_SHOWN)];
      }
    }
    return [];
  } finally {
    await servers?.kill();
    await links.close();
  }
}

interface EpochOptions extends SeedOptions {
  readonly servers: MeshServers;
  readonly mesh: ServerMesh;
  readonly poison: PoisonFeed;
  /** The ledger is one for all epochs: what one of them may have left behind is there in the next. */
  readonly books: { haveHoles: boolean };
  readonly redis: RedisKind;
  readonly epoch: number;
  readonly random: Random;
}

async function liveEpoch(options: EpochOptions): Promise<readonly string[]> {
  const {
    harness,
    servers,
    mesh,
    poison,
    books,
    redis,
    random,
    counts,
    seed,
    epoch,
    onProgress,
    faults = FAULTS,
  } = options;
  const atRest = mesh.clients(0);
  const asked = await patiently(() => askedOf(options, atRest));
  const watch = new RoomWatch(asked.cast.rooms[0]?.roomId ?? 1n);
  const victims = { servers, mesh, poison, onProblem: (problem: string) => asked.problem(problem) };
  let holesAllowed = false;
  if (redis === 'single') servers.copyRedisAway();
  for (let number = 0; number < faults && asked.problems.length === 0; number += 1) {
    const clients = mesh.clients(random.chance(0.5) ? 0 : 1);
    const load = new Load(clients, asked, random.fork(), counts);
    watch.start(atRest);
    try {
      await sleep(systemClock, random.integer(...BEFORE_MS));
      await load.atFullSpeed();
      const fault = drawFault(random, redis);
      if (random.chance(COPIED_AWAY) && redis === 'single') servers.copyRedisAway();
      onProgress(`seed ${seed}, epoch ${epoch}: ${describe(fault)}, ${asked.gifts.length} gifts so far`);
      holesAllowed ||= losesDebits(fault);
      if (movesWindow(fault)) asked.clocksMayBeOff = true;
      await doFault(fault, victims);
      for (const kind of kindsOf(fault)) counts.add(kind);
      counts.add('faults');
      await sleep(systemClock, random.integer(...BEHIND_MS));
    } finally {
      watch.stop();
      await load.stop();
      harness.disconnect(clients);
    }
  }
  await mesh.allServe();
  const problems = [
    ...(await settleDown(atRest, asked, watch, counts, { holesAllowed, decideMaxMs: DECIDE_MAX_MS })),
    ...(await poison.settle()),
  ];
  harness.disconnect(atRest);
  counts.add('gifts', asked.gifts.length);
  counts.add('gifts applied', asked.applied.length);
  counts.add('recharges', asked.recharges.length);
  books.haveHoles ||= holesAllowed;
  const audit = await auditLedgerDatabase({ url: servers.mariadb.url });
  const differences = audit.differences.filter((difference) => !(books.haveHoles && difference.kind === 'missing_seq'));
  counts.add('audit differences', differences.length);
  onProgress(`seed ${seed}, epoch ${epoch}: ${problems.length} problems, ${differences.length} differences`);
  return [...problems, ...differences.map(problemOf)];
}

async function askedOf({ epoch, random, counts }: EpochOptions, mesh: MeshClients): Promise<Asked> {
  const rooms = await Promise.all(
    roomIdsOf(epoch).map(async (roomId) => (await mesh.interaction.call.enterRoom({ roomId, viewerId: 1n })).room),
  );
  const { gifts } = await mesh.interaction.call.listGifts({ roomId: 1n, pageSize: 500, pageToken: '' });
  const cast = castOf(
    epoch,
    rooms.filter((room) => room !== undefined),
    gifts,
  );
  return new Asked(cast, random.fork(), uuidV7Source(systemClock, random.fork()), counts);
}

const problemOf = (difference: Difference): string => `the ledger's audit: ${describeDifference(difference)}`;

function describe(fault: Fault): string {
  const { kind: _, ...rest } = fault;
  return `${kindsOf(fault).join(', ')} ${JSON.stringify(rest)}`;
}
