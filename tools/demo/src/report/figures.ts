import { arch, cpus, release, totalmem, type as osType } from 'node:os';

/** One number of the demo, in the form that all benches have. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** In words (`<= 0`), null when the figure is only told. */
  readonly aim: string | null;
  /** Whether the aim is met, null without one. */
  readonly reached: boolean | null;
}

/** What --json prints, as one object. */
export interface DemoReport {
  readonly suite: 'demo';
  readonly seed: number;
  readonly environment: Environment;
  readonly figures: readonly Figure[];
  readonly notes: readonly string[];
}

/** Where it ran. */
export interface Environment {
  readonly node: string;
  readonly os: string;
  readonly arch: string;
  readonly cpu: string;
  readonly cpus: number;
  readonly memoryGb: number;
}

/** Looks around. */
export function environment(): Environment {
  return {
    node: process.versions.node,
    os: `${osType()} ${release()}`,
    arch: arch(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cpus: cpus().length,
    memoryGb: Number((totalmem() / 2 ** 30).toFixed(1)),
  };
}

/** A number that is only told; fractions keep four digits, whole numbers all. */
export function told(name: string, value: number | bigint, unit: string): Figure {
  return { name, value: rounded(value), unit, aim: null, reached: null };
}

/** A number that must not be above `limit`. */
export function atMost(name: string, value: number | bigint, unit: string, limit: number): Figure {
  return { name, value: rounded(value), unit, aim: `<= ${limit}`, reached: Number(value) <= limit };
}

function rounded(value: number | bigint): number {
  const number = Number(value);
  return Number.isInteger(number) ? number : Number(number.toPrecision(4));
}
