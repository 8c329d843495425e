import type { interaction } from '@giftmesh/contract';
import type { RoomDirectory } from '@giftmesh/domain-gifts';
import { currentCall } from '@giftmesh/mesh-context';
import { refuseIfOver } from '../gifts/send-gift';
import { readResumeToken, type ResumePlace } from '../hub/resume-token';
import type { RoomHub } from '../hub/room-hub';
import { endWithCall, failedStream } from '../streams';
import { Fields, roomOrThrow } from './fields';

/**
 * The handler of WatchRoom. What is wrong with the request is thrown when the first message is asked for. Ends when the call is
 * cancelled, and without an error when the server drains: the watcher goes on elsewhere with its token.
 */
export function watchRoomHandler(rooms: RoomDirectory, hub: RoomHub) {
  return (request: interaction.WatchRoomRequest): AsyncIterableIterator<interaction.WatchRoomResponse> => {
    const call = currentCall();
    try {
      refuseIfOver(call);
      const place = checked(request);
      roomOrThrow(rooms, request.roomId);
      const watch = hub.watch(request.roomId, place);
      endWithCall(call, () => watch.end());
      return watch;
    } catch (error) {
      return failedStream(error);
    }
  };
}

function checked({ roomId, resumeToken }: interaction.WatchRoomRequest): ResumePlace | undefined {
  const fields = new Fields();
  fields.id('room_id', roomId);
  const place = resumeToken === '' ? undefined : readResumeToken(resumeToken);
  if (resumeToken !== '' && place === undefined)
    fields.wrong('RESUME_TOKEN_MALFORMED', 'resume_token', 'is none that this service gave out');
  else if (place !== undefined && place.roomId !== roomId)
    fields.wrong('RESUME_TOKEN_MALFORMED', 'resume_token', 'is of another room');
  fields.done();
  return place;
}
