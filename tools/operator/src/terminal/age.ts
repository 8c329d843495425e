const STEPS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
] as const;

/** An age for people: in the largest unit of which there are two at least. */
export function ageText(ageMs: number): string {
  for (const [unit, unitMs] of STEPS) if (ageMs >= 2 * unitMs) return `${Math.floor(ageMs / unitMs)} ${unit}`;
  return `${(ageMs / 1_000).toFixed(1)} s`;
}
