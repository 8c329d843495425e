import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { arch, cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { median } from './figures';

/** Where figures were measured. */
export interface Environment {
  readonly node: string;
  readonly os: string;
  readonly arch: string;
  readonly cpu: string;
  readonly cpus: number;
  readonly memoryGb: number;
  /** Load average of the last minute before the run: what else the machine was doing. */
  readonly loadBefore: number;
  /** Median time of a small write and fsync in the folder of the data. A tiny value means that fsync does nothing here. */
  readonly fsyncMs: number;
}

const FSYNC_SAMPLES = 50;
const GIB = 2 ** 30;

/** Looks around; `folder` is where the data of the run will be. */
export function environmentOf(folder: string): Environment {
  return {
    node: process.versions.node,
    os: `${type()} ${release()}`,
    arch: arch(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cpus: cpus().length,
    memoryGb: Number((totalmem() / GIB).toFixed(1)),
    loadBefore: Number((loadavg()[0] ?? 0).toFixed(2)),
    fsyncMs: Number(fsyncMs(folder).toFixed(3)),
  };
}

function fsyncMs(folder: string): number {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `fsync-${process.pid}`);
  const file = openSync(path, 'w');
  try {
    const block = Buffer.alloc(4096);
    const samples = Array.from({ length: FSYNC_SAMPLES }, () => {
      const startedMs = performance.now();
      writeSync(file, block);
      fsyncSync(file);
      return performance.now() - startedMs;
    });
    return median(samples);
  } finally {
    closeSync(file);
    rmSync(path);
  }
}
