import { BUSINESS_MAX, LEVEL_OPEN, type Priority } from './priority';

/**
 * Trailer with a server's admission level, a decimal number; absent while the server lets everybody in. It rides in trailers,
 * since initial metadata would commit a call and keep it from being tried again.
 */
export const LEVEL_TRAILER = 'x-mesh-level';

/** Metadata with what the caller has shed by the level since its last call: `<business>:<count>` joined by commas. */
export const SHED_HEADER = 'x-mesh-shed';

/** The most calls of one business priority that a report is believed to speak of. */
export const SHED_REPORT_MAX = 10_000;

/** The least level: nobody gets in. */
const LEVEL_CLOSED = -1;

/** The level in a trailer, undefined when it is malformed. */
export function parseLevel(text: string): Priority | undefined {
  if (!/^(-1|0|[1-9]\d{0,4})$/.test(text)) return undefined;
  const level = Number(text);
  return level >= LEVEL_CLOSED && level <= LEVEL_OPEN ? level : undefined;
}

/** The report as metadata, undefined when there is nothing to report. */
export function formatShedReport(shed: ReadonlyMap<number, number>): string | undefined {
  if (shed.size === 0) return undefined;
  return [...shed].map(([business, count]) => `${business}:${Math.min(count, SHED_REPORT_MAX)}`).join(',');
}

/** The report in metadata: counts by business priority; undefined when any of it is malformed. */
export function parseShedReport(text: string): ReadonlyMap<number, number> | undefined {
  const entries = text.split(',', BUSINESS_MAX + 1);
  if (entries.length > BUSINESS_MAX) return undefined;
  const report = new Map<number, number>();
  for (const entry of entries) {
    const match = /^(\d{1,3}):(\d{1,5})$/.exec(entry);
    const [business, count] = [Number(match?.[1]), Number(match?.[2])];
    if (!(business <= BUSINESS_MAX && count <= SHED_REPORT_MAX) || report.has(business)) return undefined;
    report.set(business, count);
  }
  return report;
}
