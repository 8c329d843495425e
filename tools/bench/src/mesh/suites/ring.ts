import { KetamaRing } from '@giftmesh/mesh-balancer';

/** Points on the ring a node: the balancer's default. */
const POINTS = 160;

/**
 * The part of `keys` keys that have another owner once one of `nodes` nodes has left a ketama ring, for the node
 * whose leaving moves the most.
 */
export function movedShare(nodes: number, keys: number): number {
  const all = Array.from({ length: nodes }, (_, index) => ({ name: `10.0.0.${index + 1}:7000` }));
  const names = Array.from({ length: keys }, (_, index) => `room-${index}`);
  const owners = ownersOf(all, names);
  const moved = all.map((left) => {
    const after = ownersOf(
      all.filter((node) => node !== left),
      names,
    );
    return after.filter((owner, index) => owner !== owners[index]).length / keys;
  });
  return Math.max(...moved);
}

function ownersOf(nodes: readonly { readonly name: string }[], keys: readonly string[]): (string | undefined)[] {
  const ring = new KetamaRing(nodes, POINTS);
  return keys.map((key) => ring.owner(key)?.name);
}
