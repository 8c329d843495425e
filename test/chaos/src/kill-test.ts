import { join } from 'node:path';
import { auditLedgerFile } from '@giftmesh/adapter-sqlite';
import { describeDifference } from '@giftmesh/domain-money';
import { uuidV7Source } from '@giftmesh/kernel-ids';
import { seededRandom, type Random } from '@giftmesh/kernel-random';
import { systemClock } from '@giftmesh/kernel-time';
import type { Harness, MeshClients } from '@giftmesh/test-harness';
import { Asked } from './asked';
import { castOf, EPOCHS_PER_FOLDER, roomIdsOf } from './cast';
import { Counts } from './counts';
import { LIFE_ENVIRONMENT, live } from './life';
import { drawLifePlan, isKill } from './life-plan';
import { RoomWatch } from './room-watch';
import { settleDown } from './settle-down';

/** The gifts of this many kills are held in memory and compared together. */
const KILLS_PER_EPOCH = 25;

export interface KillTestOptions {
  readonly kills: number;
  /** Decides the load and the times of the kills, not how the processes' work interleaves with them. */
  readonly seed: number;
  readonly harness: Harness;
  readonly onProgress: (line: string) => void;
  /** Default {@link KILLS_PER_EPOCH}. */
  readonly killsPerEpoch?: number;
}

export interface KillTestReport {
  /** What was wrong; empty when every invariant held. The run ends with the first epoch that has some. */
  readonly problems: readonly string[];
  /** Where the data of the last epoch are. */
  readonly dataFolder: string;
  readonly counts: Counts;
}

/**
 * Kills a standalone under load and starts it again on the same data, until it was killed `kills` times. After every epoch of
 * kills everything comes to rest, clients get the answers that they lack, and the oracle compares; the next epoch goes on with the
 * same data and other users.
 */
export async function killTest(options: KillTestOptions): Promise<KillTestReport> {
  const { harness, kills, seed, killsPerEpoch = KILLS_PER_EPOCH } = options;
  const random = seededRandom(seed);
  const counts = new Counts();
  let dataFolder = harness.folder('kill');
  for (let epoch = 0; counts.get('kills') < kills; epoch += 1) {
    if (epoch > 0 && epoch % EPOCHS_PER_FOLDER === 0) dataFolder = harness.folder('kill');
    const killsAfter = Math.min(kills, counts.get('kills') + killsPerEpoch);
    const problems = await liveEpoch({
      ...options,
      epoch,
      killsAfter,
      dataFolder,
      random: random.fork(),
      counts,
    }).catch(
      // A process that can't be read at rest is a find as well, and its data worth a look.
      (error: unknown) => [`the epoch could not be finished: ${error instanceof Error ? error.stack : String(error)}`],
    );
    if (problems.length > 0) return { problems, dataFolder, counts };
  }
  return { problems: [], dataFolder, counts };
}

interface EpochOptions extends KillTestOptions {
  readonly epoch: number;
  readonly killsAfter: number;
  readonly dataFolder: string;
  readonly random: Random;
  readonly counts: Counts;
}

async function liveEpoch(options: EpochOptions): Promise<readonly string[]> {
  const { harness, dataFolder, random, counts, epoch, onProgress } = options;
  const newEventId = uuidV7Source(systemClock, random.fork());
  const asked = await atRest(options, async (mesh) => {
    const rooms = await Promise.all(
      roomIdsOf(epoch).map(async (roomId) => (await mesh.interaction.call.enterRoom({ roomId, viewerId: 1n })).room),
    );
    const { gifts } = await mesh.interaction.call.listGifts({ roomId: 1n, pageSize: 500, pageToken: '' });
    return new Asked(
      castOf(
        epoch,
        rooms.filter((room) => room !== undefined),
        gifts,
      ),
      random.fork(),
      newEventId,
      counts,
    );
  });
  const [hotRoom] = asked.cast.rooms;
  const watch = new RoomWatch(hotRoom?.roomId ?? 1n);
  while (counts.get('kills') < options.killsAfter && asked.problems.length === 0) {
    const plan = drawLifePlan(random);
    await live({ harness, dataFolder, asked, watch, random, counts }, plan);
    if (isKill(plan) && counts.get('kills') % 5 === 0)
      onProgress(
        `${counts.get('kills')} kills, ${asked.gifts.length} gifts in this epoch, ${asked.undecided.size} undecided`,
      );
  }
  const problems = await atRest(options, (mesh) => settleDown(mesh, asked, watch, counts));
  counts.add('epochs');
  counts.add('gifts', asked.gifts.length);
  counts.add('gifts applied', asked.applied.length);
  counts.add('recharges', asked.recharges.length);
  counts.add('watch messages', watch.messages);
  counts.add('watch resyncs', watch.resyncs);
  const audit = auditLedgerFile({ path: join(dataFolder, 'ledger.sqlite') });
  counts.add('audit differences', audit.differenceCount);
  onProgress(
    `epoch ${epoch}: ${problems.length} problems, ${audit.differenceCount} differences in ${audit.records} records`,
  );
  return [
    ...problems,
    ...audit.differences.map((difference) => `the ledger's audit: ${describeDifference(difference)}`),
  ];
}

/** Works with a process that nobody disturbs, and stops it. */
async function atRest<T>({ harness, dataFolder }: EpochOptions, work: (mesh: MeshClients) => Promise<T>): Promise<T> {
  const mesh = await harness.startMesh({ dataFolder, env: LIFE_ENVIRONMENT });
  const result = await work(mesh);
  harness.disconnect(mesh);
  const { code } = await mesh.process.stop();
  if (code !== 0) throw new Error(`a process at rest stopped with code ${code}: ${mesh.process.stderr.slice(-2_000)}`);
  return result;
}
