import { execFileSync } from 'node:child_process';

/** The Node that servers run on, for people. Throws when `nodePath` is no Node. */
export function serverNode(nodePath: string | undefined): string {
  if (nodePath === undefined) return `Node ${process.versions.node}`;
  return `Node ${execFileSync(nodePath, ['--version'], { encoding: 'utf8' }).trim().replace(/^v/, '')}`;
}
