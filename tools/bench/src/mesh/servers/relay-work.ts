import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import type { BenchClient } from '../clients/bench-client';
import type { Work } from './work';

/**
 * Work that calls another server `calls` times, with the same method and within the same deadline, and fails as soon as one call
 * has failed `sendsMax` times. Sending again is naive on purpose: at once, and whatever the error says.
 */
export function relayWork(client: BenchClient, calls: number, sendsMax: number): Work {
  return async (incoming) => {
    for (let made = 0; made < calls; made += 1) {
      for (let send = 1; ; send += 1) {
        const error = await outcome(client, incoming.method, incoming.remainingMs());
        if (error === undefined) break;
        if (send >= sendsMax || incoming.remainingMs() <= 0) throw error;
      }
    }
  };
}

function outcome(client: BenchClient, method: string, deadlineMs: number): Promise<StatusError | undefined> {
  return new Promise((resolve) => {
    client.call(method, deadlineMs, (code, error) => {
      if (code === StatusCode.OK) resolve(undefined);
      else resolve(error ?? new StatusError({ code, reason: 'DOWNSTREAM', message: 'the next service said no' }));
    });
  });
}
