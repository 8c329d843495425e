/** An object for the Kubernetes API, as it stands in a rendered file. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Labels;
    readonly annotations?: Labels;
  };
  // Fields differ from kind to kind; who reads them knows the kind.
  readonly spec?: Fields;
  readonly data?: Labels;
  readonly [field: string]: unknown;
}

/** Names and values of labels, annotations and settings. */
export type Labels = Readonly<Record<string, string>>;

/** Fields of any kind. */
export type Fields = { readonly [field: string]: unknown };

/** `Kind/name`, for people. */
export function nameOf({ kind, metadata }: Manifest): string {
  return `${kind}/${metadata.name}`;
}

/** What stands at a path of fields and indices, undefined where there is nothing. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (here, key) =>
      typeof here === 'object' && here !== null ? (here as Record<string | number, unknown>)[key] : undefined,
    value,
  );
}

/** The list at a path; empty where there is none. */
export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly Fields[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? (found as Fields[]) : [];
}

/** The labels at a path; none where there are none. */
export function labelsAt(value: unknown, ...path: readonly (string | number)[]): Labels {
  return (at(value, ...path) ?? {}) as Labels;
}

/** Whether all labels of a selector are there. */
export function selects(selector: Labels, labels: Labels): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

/** A copy with another value at a path: how tests plant mistakes. An undefined value takes the field away. */
export function changed(manifest: Manifest, path: readonly (string | number)[], value: unknown): Manifest {
  const copy = structuredClone(manifest);
  const last = path.at(-1) as string | number;
  const parent = at(copy, ...path.slice(0, -1)) as Record<string | number, unknown> | undefined;
  if (parent === undefined) throw new Error(`${nameOf(manifest)} has nothing at ${path.slice(0, -1).join('.')}`);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}
