import { at, listAt, type Fields, type Manifest } from './manifest';

/** One route of a VirtualService. */
export interface Route {
  readonly service: string;
  readonly name: string;
  /** Paths that it takes, exactly. */
  readonly paths: readonly string[];
  readonly matches: readonly Fields[];
  /** As it stands there; undefined for none. */
  readonly timeout: string | undefined;
  readonly attempts: number;
  readonly retryOn: readonly string[];
  readonly destinations: readonly Fields[];
  readonly isMirrored: boolean;
  readonly hasFault: boolean;
  readonly fields: Fields;
}

/** The routes of all VirtualServices, in their order. */
export function routesOf(manifests: readonly Manifest[]): readonly Route[] {
  return manifests
    .filter(({ kind }) => kind === 'VirtualService')
    .flatMap((service) =>
      listAt(service, 'spec', 'http').map((route) => {
        const matches = listAt(route, 'match');
        return {
          service: service.metadata.name,
          name: String(route['name']),
          paths: matches.flatMap((match) => (at(match, 'uri', 'exact') as string | undefined) ?? []),
          matches,
          timeout: route['timeout'] as string | undefined,
          attempts: Number(at(route, 'retries', 'attempts')),
          retryOn: ((at(route, 'retries', 'retryOn') ?? '') as string).split(',').filter((word) => word !== ''),
          destinations: listAt(route, 'route'),
          isMirrored: listAt(route, 'mirrors').length > 0,
          hasFault: route['fault'] !== undefined,
          fields: route,
        };
      }),
    );
}

/** Milliseconds of a duration as protobuf writes it in JSON. Throws RangeError for what Istio refuses: another unit, or less than 1 ms. */
export function durationMs(text: string): number {
  const [, seconds] = /^(\d+(?:\.\d{1,9})?)s$/.exec(text) ?? [];
  const ms = Math.round(Number(seconds) * 1_000);
  if (!(ms >= 1)) throw new RangeError(`${text} is no duration of at least 1 ms, in seconds`);
  return ms;
}

/** Every field of an object that Istio reads as a duration, with where it stands. */
export function durationsOf(value: unknown, path = ''): readonly (readonly [path: string, text: string])[] {
  if (typeof value !== 'object' || value === null) {
    return /(timeout|interval|time|delay|ttl)$/i.test(path) && typeof value === 'string' ? [[path, value]] : [];
  }
  return Object.entries(value).flatMap(([key, inner]) => durationsOf(inner, `${path}.${key}`));
}
