import { join } from 'node:path';
import { ConfigError, shape } from '@giftmesh/kernel-config';
import { shadowOf, STRESS_TOKEN_LENGTH_MIN } from '@giftmesh/mesh-lanes';

/** Settings of processes that can take calls of load tests. */
export const stressSettings = {
  /** `off`: calls of load tests change nothing. `shadow`: they have a second set of stores, under shadow names; made when it is not there. */
  GIFTMESH_STRESS: shape.choice(['off', 'shadow'], 'off'),
  /** The most calls of load tests that a service works on at once, streams included. */
  GIFTMESH_STRESS_CALLS_MAX: shape.integer(1, 100_000, 1_000),
};

/** Settings of processes that strangers call. */
export const stressEdgeSettings = {
  /** What a load test sends as `x-mesh-stress` to be taken as one; `none` takes none. */
  GIFTMESH_STRESS_TOKEN: shape.matching(
    {
      pattern: new RegExp(`^(none|[\\x21-\\x7e]{${STRESS_TOKEN_LENGTH_MIN},128})$`),
      like: `${STRESS_TOKEN_LENGTH_MIN} to 128 printable characters`,
      secret: true,
    },
    'none',
  ),
};

/** In a data folder, where the files of its shadow are. */
const SHADOW_FOLDER = 'shadow';
const TOPIC_LENGTH_MAX = 249;
const DATABASE_LENGTH_MAX = 64;

/** Each setting that names something that is written to, and the name of its shadow. */
const SHADOWS: Readonly<Record<string, (name: string) => string>> = {
  GIFTMESH_DATA_DIR: (folder) => join(folder, SHADOW_FOLDER),
  GIFTMESH_KAFKA_TOPIC: (topic) => fitting('GIFTMESH_KAFKA_TOPIC', shadowOf(topic), TOPIC_LENGTH_MAX),
  // Another one from its beginning, so that no pattern or right that is meant for real keys matches those of the shadow.
  GIFTMESH_REDIS_PREFIX: (prefix) => `shadow:${prefix}`,
  GIFTMESH_MYSQL_URL: (url) => {
    const slash = url.lastIndexOf('/') + 1;
    const database = fitting('GIFTMESH_MYSQL_URL', shadowOf(url.slice(slash)), DATABASE_LENGTH_MAX);
    return url.slice(0, slash) + database;
  },
};

/**
 * The settings of a process's shadow: all names of what is written to are shadow names, everything else is the same.
 * Throws ConfigError for a name that leaves no room for its shadow's.
 */
export function shadowSettings<C extends object>(config: C): C {
  const changed = Object.entries(config).flatMap(([name, value]: [string, unknown]) => {
    const toShadow = SHADOWS[name];
    return toShadow === undefined ? [] : [[name, toShadow(String(value))]];
  });
  return { ...config, ...(Object.fromEntries(changed) as Partial<C>) };
}

/** What a process works on for real calls, and beside it what it works on for those of load tests. */
export interface RealAndShadow<I> {
  readonly real: I;
  /** Undefined where load tests are not taken. */
  readonly shadow: I | undefined;
}

/**
 * Opens what a process works on as its settings say, and the same again on shadow settings where load tests are taken. Rejects when either
 * can't be opened: a load test must not find out in the middle.
 */
export async function openRealAndShadow<C extends { readonly GIFTMESH_STRESS: 'off' | 'shadow' }, I>(
  config: C,
  open: (config: C, isShadow: boolean) => Promise<I>,
): Promise<RealAndShadow<I>> {
  const real = await open(config, false);
  return { real, shadow: config.GIFTMESH_STRESS === 'shadow' ? await open(shadowSettings(config), true) : undefined };
}

/** How a server takes the calls of load tests, for the mesh; undefined where they are not taken. */
export function stressOf(config: {
  readonly GIFTMESH_STRESS: 'off' | 'shadow';
  readonly GIFTMESH_STRESS_CALLS_MAX: number;
  readonly GIFTMESH_STRESS_TOKEN?: string;
}): { readonly callsMax: number; readonly token: string | undefined } | undefined {
  if (config.GIFTMESH_STRESS === 'off') return undefined;
  const { GIFTMESH_STRESS_CALLS_MAX: callsMax, GIFTMESH_STRESS_TOKEN: token } = config;
  return { callsMax, token: token === 'none' ? undefined : token };
}

function fitting(setting: string, name: string, lengthMax: number): string {
  if (name.length <= lengthMax) return name;
  throw new ConfigError([
    `${setting} leaves no room for the name of its shadow: ${name} has more than ${lengthMax} characters`,
  ]);
}
