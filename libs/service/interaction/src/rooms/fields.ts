import type { InteractionReason, Room, RoomDirectory } from '@giftmesh/domain-gifts';
import type { FieldViolation } from '@giftmesh/kernel-errors';
import { isId } from '@giftmesh/kernel-ids';
import { invalidFields, refuse, roomNotFound } from '../refusal';

/** Gathers what is wrong with a request's fields. */
export class Fields {
  readonly #problems: (FieldViolation & { readonly reason: InteractionReason })[] = [];

  wrong(reason: InteractionReason, field: string, description: string): void {
    this.#problems.push({ reason, field, description });
  }

  id(field: string, value: bigint): void {
    if (!isId(value)) this.wrong('ID_OUT_OF_RANGE', field, 'must be a positive int64');
  }

  /** A number from 1 to `max`, where 0 means `fallback`. */
  size(reason: InteractionReason, field: string, value: number, fallback: number, max: number): number {
    if (value === 0) return fallback;
    if (!Number.isInteger(value) || value < 0 || value > max) this.wrong(reason, field, `must be 1 to ${max}`);
    return value;
  }

  /** Throws INVALID_ARGUMENT when anything was wrong. */
  done(): void {
    if (this.#problems.length > 0) refuse(invalidFields(this.#problems));
  }
}

/** The room, or NOT_FOUND is thrown. */
export function roomOrThrow(rooms: RoomDirectory, roomId: bigint): Room {
  return rooms.find(roomId) ?? refuse(roomNotFound(roomId));
}
