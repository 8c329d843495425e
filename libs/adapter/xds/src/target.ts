/** The two forms of an xds target: `xds:///name`, and `xds://authority/name` for an authority of the bootstrap. */
const TARGET = /^xds:(?:\/\/([^/]*)\/)?([^/].*)$/;

/** What an xds target says. */
export interface XdsTarget {
  /** Whose control plane is asked: a key of the bootstrap's `authorities`; undefined for the bootstrap's own server. */
  readonly authority: string | undefined;
  /** The name of the listener that is asked for, and the domain by which its routes are chosen. */
  readonly name: string;
}

/** Whether a target is for a control plane to resolve. */
export function isXdsTarget(target: string): boolean {
  return target.startsWith('xds:');
}

/** The parts of an xds target; undefined where it is malformed. */
export function parseXdsTarget(target: string): XdsTarget | undefined {
  const [, authority = '', name] = TARGET.exec(target) ?? [];
  return name === undefined ? undefined : { authority: authority === '' ? undefined : authority, name };
}
