import Table from 'cli-table3';
import type { StopReport } from './down';
import type { ServerReport } from './look';

/** Where the servers are, for people. */
export function statusText(reports: readonly ServerReport[], nowMs: number): string {
  const head = ['server', 'state', 'address', 'pid', 'up for', 'from'];
  const rows = reports.map(({ name, state, url, pid, startedAt, source }) => [
    name,
    state,
    url ?? '',
    String(pid ?? ''),
    startedAt === null ? '' : durationText(nowMs - Date.parse(startedAt)),
    source === 'own' ? 'infra up' : 'environment',
  ]);
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  table.push(...rows);
  const notes = reports.flatMap(({ name, note }) => (note === null ? [] : [`${name}: ${note}`]));
  return [table.toString(), ...notes].join('\n');
}

/** Lines for a shell, of the servers that were started here and answer. */
export function exportText(reports: readonly ServerReport[]): string {
  return reports
    .filter(({ source, state, url }) => source === 'own' && state === 'up' && url !== null)
    .map(({ variable, url }) => `export ${variable}=${url}`)
    .join('\n');
}

/** What has become of the servers, for people. */
export function stopText(reports: readonly StopReport[]): string {
  const lines = reports.map(({ name, outcome, dataDeleted }) => {
    const why = { killed: ' (it did not stop in time)', 'left alone': ' (it is not ours)' }[outcome as string] ?? '';
    return `${name}: ${outcome}${why}${dataDeleted ? ', its data are gone' : ''}`;
  });
  return lines.join('\n');
}

/** `42 s`, `3 min`, `5 h 20 min`, `2 d 4 h`. */
export function durationText(durationMs: number): string {
  const seconds = Math.max(0, Math.floor(durationMs / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
