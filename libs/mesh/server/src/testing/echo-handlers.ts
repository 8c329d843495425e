import { sleepUntilAborted } from './sleep';
import { currentCall, type Handlers } from '@giftmesh/mesh-context';
import type { EchoDefinition, SayRequest, SayResponse } from './echo';

/** `Behaviour.BEHAVIOUR_HANG`: the handler waits until its call is cancelled. */
export const HANG = 1;

/** Handlers of the echo service. */
export const echoHandlers: Handlers<EchoDefinition> = {
  async say(request: SayRequest): Promise<SayResponse> {
    if (request.behaviour === HANG) await sleepUntilAborted(currentCall()?.signal);
    return { text: request.text, index: 0 };
  },
  async *repeat(request: SayRequest): AsyncIterable<SayResponse> {
    const times = request.times || Infinity;
    for (let index = 0; index < times; index += 1) yield { text: request.text, index };
    if (request.behaviour === HANG) await sleepUntilAborted(currentCall()?.signal);
  },
  async collect(requests: AsyncIterable<SayRequest>): Promise<SayResponse> {
    let text = '';
    let index = 0;
    for await (const request of requests) {
      text += request.text;
      index += 1;
    }
    return { text, index };
  },
  async *chat(requests: AsyncIterable<SayRequest>): AsyncIterable<SayResponse> {
    let index = 0;
    for await (const request of requests) yield { text: request.text, index: index++ };
  },
};
