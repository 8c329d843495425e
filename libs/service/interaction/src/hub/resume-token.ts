import { isId } from '@giftmesh/kernel-ids';

/** A place in a room's messages: behind the message with this sequence number. */
export interface ResumePlace {
  /** Which run of which instance made the number. */
  readonly instanceId: string;
  readonly roomId: bigint;
  readonly sequence: number;
}

const TOKEN = /^r1\.([0-9a-z]{1,32})\.([1-9]\d{0,18})\.(0|[1-9]\d{0,15})$/;

/** The token of a place: text that clients hand back as it is. The first letter and digit are its version. */
export function resumeTokenOf({ instanceId, roomId, sequence }: ResumePlace): string {
  return `r1.${instanceId}.${roomId}.${sequence}`;
}

/** The place that a token names; undefined for text that never was one. */
export function readResumeToken(token: string): ResumePlace | undefined {
  const match = TOKEN.exec(token);
  if (match === null) return undefined;
  const [, instanceId = '', roomText = '', sequenceText = ''] = match;
  const roomId = BigInt(roomText);
  const sequence = Number(sequenceText);
  return isId(roomId) && Number.isSafeInteger(sequence) ? { instanceId, roomId, sequence } : undefined;
}
