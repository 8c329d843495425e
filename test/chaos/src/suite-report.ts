import { arch, cpus, platform, totalmem } from 'node:os';

/** A number of a campaign, with what it should be if somebody cares. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly aim: number | null;
  readonly reached: boolean | null;
}

/** A campaign as one object, as all suites report. */
export interface SuiteReport {
  readonly suite: string;
  /** The first one, of a campaign with several. */
  readonly seed: number;
  readonly environment: Readonly<Record<string, string | number>>;
  readonly figures: readonly Figure[];
  readonly notes: readonly string[];
  /** How often each kind of fault happened, those that never did included. */
  readonly faults?: Readonly<Record<string, number>>;
}

const NAME_WIDTH = 46;

/** A number that is only told. */
export function figure(name: string, value: number, unit = 'count'): Figure {
  return { name, value, unit, aim: null, reached: null };
}

/** A number that must be `aim`. */
export function exactly(aim: number, name: string, value: number, unit = 'count'): Figure {
  return { name, value, unit, aim, reached: value === aim };
}

/** A number that must not be above `aim`. */
export function atMost(aim: number, name: string, value: number, unit = 'count'): Figure {
  return { name, value, unit, aim, reached: value <= aim };
}

/** Where the figures were measured. */
export function environment(): Readonly<Record<string, string | number>> {
  const processors = cpus();
  return {
    node: process.version,
    platform: platform(),
    arch: arch(),
    cpus: processors.length,
    cpu: processors[0]?.model ?? 'unknown',
    memoryMb: Math.round(totalmem() / 2 ** 20),
  };
}

/** The report for people. */
export function textOf({ figures, notes, faults = {} }: SuiteReport): string {
  const line = (name: string, value: number, rest: string): string =>
    `  ${name.padEnd(NAME_WIDTH)} ${String(value).padStart(9)} ${rest}`;
  const faultLines = Object.entries(faults).map(([kind, times]) => line(kind, times, 'times'));
  return [
    ...figures.map(({ name, value, unit, aim, reached }) =>
      line(name, value, aim === null ? unit : `${unit}   aim ${aim}: ${reached === true ? 'reached' : 'NOT REACHED'}`),
    ),
    ...(faultLines.length === 0 ? [] : ['', ...faultLines]),
    '',
    ...notes.map((note) => `- ${note}`),
  ].join('\n');
}
