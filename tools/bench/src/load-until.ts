import { LoadProcess, type LoadSpec, type Measurement } from '@giftmesh/tool-load';

const LOOK_EVERY_MS = 250;
/** No progress for this long ends the run. */
const STALL_LIMIT_MS = 30_000;

/** What a load was over its whole time. */
export interface LoadTotal {
  readonly ok: number;
  readonly failed: number;
  readonly failuresByStatus: Readonly<Record<string, number>>;
  readonly seconds: number;
}

/** Runs a load until `gifts` have ended, and tells `look` how many have every now and then. */
export async function loadUntil(
  spec: LoadSpec,
  gifts: number,
  look: (done: number) => Promise<void>,
): Promise<LoadTotal> {
  const client = await LoadProcess.start(spec);
  let total: LoadTotal = { ok: 0, failed: 0, failuresByStatus: {}, seconds: 0 };
  const add = ({ ok, failed, failuresByStatus, seconds }: Measurement): void => {
    const byStatus = { ...total.failuresByStatus };
    for (const [name, count] of Object.entries(failuresByStatus)) byStatus[name] = (byStatus[name] ?? 0) + count;
    total = {
      ok: total.ok + ok,
      failed: total.failed + failed,
      failuresByStatus: byStatus,
      seconds: total.seconds + seconds,
    };
  };
  try {
    let movedMs = performance.now();
    while (total.ok + total.failed < gifts) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      const measurement = await client.measure();
      add(measurement);
      if (measurement.ok + measurement.failed > 0) movedMs = performance.now();
      else if (performance.now() - movedMs > STALL_LIMIT_MS)
        throw new Error(`no gift ended for ${STALL_LIMIT_MS} ms, after ${total.ok} of ${gifts}`);
      await look(total.ok + total.failed);
    }
  } finally {
    add(await client.stop());
  }
  return total;
}
