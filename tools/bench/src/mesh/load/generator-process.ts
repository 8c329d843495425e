import { built } from '../../paths';
import type { ClientSpec } from '../clients/client-spec';
import { AskedProcess } from '../ipc/child-process';
import type { ClosedLoopPlan, ClosedLoopReport } from './closed-loop';
import type { LoadPlan } from './load-plan';
import type { LoadReport } from './load-report';

/** What a generator process can be asked. */
export interface GeneratorQuestions {
  openLoop(work: { readonly client: ClientSpec; readonly plan: LoadPlan }): Promise<LoadReport>;
  closedLoop(work: { readonly client: ClientSpec; readonly plan: ClosedLoopPlan }): Promise<ClosedLoopReport>;
}

/**
 * Failed calls make errors, errors make stack traces, and those took a third of a generator's CPU; thousands of calls that wait
 * for their deadline outlive a young generation of the usual size.
 */
const NODE_ARGUMENTS = ['--stack-trace-limit=0', '--max-semi-space-size=64'];

/**
 * A load generator in a process of its own: it takes no CPU from whoever measures, and a server's pauses don't stop it. One
 * process does run after run, so that its code is compiled just once.
 */
export class GeneratorProcess {
  readonly #process = new AskedProcess<GeneratorQuestions>(built('mesh/load/generator-main.js'), {
    nodeArguments: NODE_ARGUMENTS,
  });

  /** Offers a plan; see `runOpenLoop`. */
  openLoop(client: ClientSpec, plan: LoadPlan): Promise<LoadReport> {
    return this.#process.ask('openLoop', { client, plan });
  }

  /** Keeps calls in flight; see `runClosedLoop`. */
  closedLoop(client: ClientSpec, plan: ClosedLoopPlan): Promise<ClosedLoopReport> {
    return this.#process.ask('closedLoop', { client, plan });
  }

  /** Ends the process. */
  stop(): Promise<void> {
    return this.#process.stop();
  }
}
