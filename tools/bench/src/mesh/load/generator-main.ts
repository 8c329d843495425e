// The main module of a generator process; GeneratorProcess starts it and asks.
import { benchClient } from '../clients/client-spec';
import { answerParent } from '../ipc/answering';
import { runClosedLoop } from './closed-loop';
import type { GeneratorQuestions } from './generator-process';
import { runOpenLoop } from './open-loop';

answerParent<GeneratorQuestions>({
  openLoop: async ({ client: spec, plan }) => {
    const client = benchClient(spec);
    try {
      await client.connect();
      return await runOpenLoop(client, plan);
    } finally {
      client.close();
    }
  },
  closedLoop: async ({ client: spec, plan }) => {
    const client = benchClient(spec);
    try {
      await client.connect();
      return await runClosedLoop(client, plan);
    } finally {
      client.close();
    }
  },
});
