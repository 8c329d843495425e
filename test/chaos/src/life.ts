import { assertNever } from '@giftmesh/kernel-errors';
import type { Random } from '@giftmesh/kernel-random';
import type { AppProcess, Harness, MeshClients } from '@giftmesh/test-harness';
import type { Asked } from './asked';
import type { Counts } from './counts';
import type { LifePlan } from './life-plan';
import { Load, type SentCall } from './load';
import type { RoomWatch } from './room-watch';

/** The longest that a drain may take, milliseconds; the limit that the process is given is half of it. */
const DRAIN_MAX_MS = 10_000;
/** How grpc-js tells of a call that the server had not begun when it said GOAWAY (HTTP/2 REFUSED_STREAM). */
const REFUSED_UNREAD = 'Stream refused by server';

export interface LifeContext {
  readonly harness: Harness;
  readonly dataFolder: string;
  readonly asked: Asked;
  readonly watch: RoomWatch;
  readonly random: Random;
  readonly counts: Counts;
}

/** What a process is started with in all lives. */
export const LIFE_ENVIRONMENT = { GIFTMESH_DRAIN_LIMIT_MS: String(DRAIN_MAX_MS / 2) };

/** Lives one life of the process as planned. What was wrong goes to `asked.problem`. */
export async function live(context: LifeContext, plan: LifePlan): Promise<void> {
  const { harness, dataFolder, asked, counts } = context;
  const startedAtMs = performance.now();
  const app = harness.spawn({ dataFolder, env: LIFE_ENVIRONMENT });
  if (plan.kind === 'kill_at_start') await Promise.race([pause(plan.afterSpawnMs), app.ended]);
  else await liveUnderLoad(context, plan, app, startedAtMs);
  if (plan.kind === 'kill_at_start') {
    if (!app.running) asked.problem(`a process ended by itself while it started: ${app.stderr.slice(-2_000)}`);
    await app.kill();
  }
  counts.add(plan.kind === 'drain' ? 'drains' : 'kills');
  counts.add(`lives ended by ${plan.kind}`);
  for (const line of unexpectedLines(app)) asked.problem(`a process said: ${line}`);
}

async function liveUnderLoad(
  context: LifeContext,
  plan: LifePlan,
  app: AppProcess,
  startedAtMs: number,
): Promise<void> {
  const { harness, asked, watch, random, counts } = context;
  let mesh: MeshClients;
  try {
    mesh = harness.clients(await app.ready());
  } catch (error) {
    return asked.problem(`a process did not come back: ${(error as Error).message}`);
  }
  counts.sample('ready ms', performance.now() - startedAtMs);
  const load = new Load(mesh, asked, random.fork(), counts);
  watch.start(mesh);
  const early = app.ended.then(({ code, signal }) => ({ code, signal }));
  try {
    await Promise.race([early, endLife(plan, app, load, asked, counts)]);
    const end = await app.ended;
    if (plan.kind !== 'drain' && plan.kind !== 'kill_in_drain' && end.signal !== 'SIGKILL')
      asked.problem(`a process ended by itself under load, with ${end.signal ?? `code ${end.code}`}`);
    counts.sample('lived ms', performance.now() - startedAtMs);
  } finally {
    watch.stop();
    await load.stop();
    harness.disconnect(mesh);
  }
}

async function endLife(plan: LifePlan, app: AppProcess, load: Load, asked: Asked, counts: Counts): Promise<void> {
  switch (plan.kind) {
    case 'kill_at_start':
      return;
    case 'kill':
      await pause(plan.afterReadyMs);
      await load.atFullSpeed();
      await app.kill();
      return;
    case 'kill_at_answer':
      await Promise.race([load.answers(plan.answers), pause(5_000)]);
      await app.kill();
      return;
    case 'kill_in_drain':
      await pause(plan.afterReadyMs);
      app.signal('SIGTERM');
      await pause(plan.thenMs);
      await app.kill();
      return;
    case 'drain':
      await pause(plan.afterReadyMs);
      return drain(app, load, asked, counts);
    default:
      assertNever(plan);
  }
}

/** SIGTERM under load: what had been accepted is answered, streams are told, and the process ends by itself. */
async function drain(app: AppProcess, load: Load, asked: Asked, counts: Counts): Promise<void> {
  const underWay = load.callsInFlight;
  const signalledAtMs = performance.now();
  const { code, signal } = await app.stop(DRAIN_MAX_MS);
  counts.sample('drain ms', performance.now() - signalledAtMs);
  if (code !== 0) asked.problem(`a drain ended with ${signal ?? `code ${code}`}`);
  const told = await load.stream.ended;
  if (told !== undefined && told.reason !== 'SHUTTING_DOWN')
    asked.problem(`a drain ended a gift stream with ${told.message}`);
  // The answers were written before the process ended; they only have to be read.
  await pause(50);
  for (const call of underWay) judgeDrained(call, signalledAtMs, asked, counts);
}

/** A call may be refused unread; one that was read is answered, be it that its outcome could not be found out. */
function judgeDrained({ startedAtMs, answer }: SentCall, signalledAtMs: number, asked: Asked, counts: Counts): void {
  counts.add('calls under way at a drain');
  if (answer?.kind === 'decided') return;
  const why = answer?.kind === 'unknown' ? answer.why : 'no answer';
  counts.add(`calls under way at a drain, not decided: ${why}`);
  if (answer?.kind === 'unknown' && (answer.from === 'service' || why.endsWith(REFUSED_UNREAD))) return;
  asked.problem(`a drain left a call of ${Math.round(signalledAtMs - startedAtMs)} ms without an answer: ${why}`);
}

/** Lines that no good process writes: errors in its log, and whatever is not its log. */
function unexpectedLines(app: AppProcess): string[] {
  // The first line kept may be the end of a longer one, the last one may have been cut by the kill.
  const lines = app.stderr.split('\n').slice(app.stderr.length >= 64_000 ? 1 : 0, -1);
  return lines.filter((line) => !/^\{"level":[1234]0,/.test(line));
}

const pause = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs));
