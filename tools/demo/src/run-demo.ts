import { randomInt } from 'node:crypto';
import { EXIT, knownExitCode } from '@giftmesh/adapter-process';
import { uuidV7Source } from '@giftmesh/kernel-ids';
import { seededRandom } from '@giftmesh/kernel-random';
import { systemClock } from '@giftmesh/kernel-time';
import { paintFor, reportText, type Paint, type TextStream } from '@giftmesh/tool-operator';
import { isReconciled, runEvening, type EveningResult } from './evening-run';
import { MeshProcess } from './mesh-process';
import { HELP, parseOptions, SEED_MAX, type DemoOptions } from './options';
import { Progress } from './progress';
import { byHandText } from './report/by-hand';
import { demoReport } from './report/demo-report';
import { rankingTable, rankingTitle, reconciledTable, sentTable } from './report/tables';
import { writeEvening, type Evening } from './script/evening';
import { streamersOf } from './script/stage';

/** Exit code after Ctrl+C on the way: 128 + SIGINT. */
const INTERRUPTED = 130;
const PLAY_MS = 8_000;
const [RATE_MIN, RATE_MAX] = [200, 2_500];

/** What the demo works with. */
export interface DemoIo {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Ends everything, cleanly. */
  readonly signal: AbortSignal;
}

/** Runs the demo and returns its exit code. Nothing that it started is left then. */
export async function runDemo(args: readonly string[], io: DemoIo): Promise<number> {
  let mesh: MeshProcess | undefined;
  try {
    const options = parseOptions(args);
    if (options.help) {
      io.stdout.write(`${HELP}\n`);
      return EXIT.OK;
    }
    const out = options.json ? io.stderr : io.stdout;
    const paint = paintFor(out, io.environment);
    const say = (text: string): void => void out.write(`${text}\n`);
    const seed = options.seed ?? randomInt(SEED_MAX);
    const evening = eveningFor(options, seed);
    say(
      `${paint.bold('giftmesh demo')}: a live evening in fast motion. Seed ${seed}; to see it again: ${replay(options, seed)}`,
    );
    const startMs = performance.now();
    mesh = await MeshProcess.start();
    const { interaction, station, da } = mesh.addresses;
    say(
      `The mesh serves after ${((performance.now() - startMs) / 1000).toFixed(1)} s: interaction ${interaction}, payment-station ${station}, payment-da ${da}.`,
    );
    io.signal.throwIfAborted();
    const progress = new Progress(out);
    const evenings = [runEvening(mesh, evening, seed, progress, io.signal), mesh.failed, rejectedBy(io.signal)];
    const result = await Promise.race(evenings).finally(() => progress.stop());
    say(resultText(result, evening, paint));
    if (options.json) io.stdout.write(`${JSON.stringify(demoReport(result, evening, seed))}\n`);
    const code = isReconciled(result) ? EXIT.OK : 1;
    if (!options.once) {
      const [star] = streamersOf(1);
      const newEventId = uuidV7Source(systemClock, seededRandom(randomInt(SEED_MAX)));
      if (star !== undefined) say(`\n${byHandText(mesh, star.room, newEventId, paint)}`);
      await Promise.race([aborted(io.signal), mesh.failed]);
      say('\nEnding the mesh.');
    }
    return code;
  } catch (error) {
    if (io.signal.aborted) {
      io.stderr.write('\nInterrupted: ending the mesh.\n');
      return INTERRUPTED;
    }
    const code = knownExitCode(error);
    const text = error instanceof Error ? (code === undefined ? error.stack : error.message) : String(error);
    io.stderr.write(`demo: ${text}\n`);
    return code ?? EXIT.SOFTWARE;
  } finally {
    await mesh?.stop();
  }
}

function eveningFor({ gifts, viewers, streamers, rate }: DemoOptions, seed: number): Evening {
  const perSecond = rate ?? Math.min(RATE_MAX, Math.max(RATE_MIN, gifts / (PLAY_MS / 1000)));
  return writeEvening({ seed, gifts, viewers, streamers, durationMs: (gifts / perSecond) * 1000 });
}

function replay({ gifts, viewers, streamers, rate }: DemoOptions, seed: number): string {
  const same = `--seed ${seed} --gifts ${gifts} --viewers ${viewers} --streamers ${streamers}`;
  return `npm run demo -- ${same}${rate === undefined ? '' : ` --rate ${rate}`}`;
}

function resultText(result: EveningResult, evening: Evening, paint: Paint): string {
  const { tally, perSecond, settled, claims, report } = result;
  const [star] = streamersOf(1);
  return `\n${[
    sentTable(tally, perSecond, settled, evening.viewers.length),
    reconciledTable(claims, report, paint),
    ...(report.clean ? [] : [reportText(report, paint)]),
    ...[...tally.wrong].map(([what, count]) => paint.red(`${count} times: ${what}`)),
    isReconciled(result)
      ? paint.green('Reconciled: every coin is where everybody was told it is.')
      : paint.red('NOT reconciled: see the differences above.'),
    ...(star === undefined ? [] : [rankingTitle(star.room)]),
    rankingTable('viewer', result.viewers, tally.byViewer),
    rankingTable('streamer', result.streamers, tally.byStreamer),
  ].join('\n\n')}`;
}

async function rejectedBy(signal: AbortSignal): Promise<never> {
  await aborted(signal);
  throw signal.reason;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
