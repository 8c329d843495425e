/** The largest id: ids are positive int64. */
export const ID_MAX = 2n ** 63n - 1n;

/** True for a positive int64. */
export function isId(value: bigint): boolean {
  return value > 0n && value <= ID_MAX;
}
