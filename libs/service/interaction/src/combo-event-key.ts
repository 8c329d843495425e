/** Event ids are made by clients, so only together with the viewer they name one event. */
export function comboEventKey(viewerId: bigint, eventId: string): string {
  return `${eventId}/${viewerId}`;
}
