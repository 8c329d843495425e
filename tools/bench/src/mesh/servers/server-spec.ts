import type { ControllerName } from '../variants/controllers';
import type { Fault } from './fault';
import type { WorkSpec } from './work';

/** A server as plain data, so that it can be sent to a process. */
export interface ServerSpec {
  /** `bare`: grpc-js as it comes. `mesh`: ours. `full`: ours with everything, see `fullStack`; its work is to answer. */
  readonly stack: 'bare' | 'mesh' | 'full';
  /** Of a `mesh` server; none by default. */
  readonly controller?: ControllerName;
  readonly work: WorkSpec;
  /** For what a server does by chance. */
  readonly seed: number;
}

/** What a server has done since it began. */
export interface ServerStats {
  /** Calls that reached the handler, whatever came of them. */
  readonly reached: number;
  /** CPU of the process, microseconds. */
  readonly cpuUs: number;
  /** How often its policies decided what, as `policy.decision`. */
  readonly decisions: Readonly<Record<string, number>>;
}

/** What a server process can be asked. */
export interface ServerQuestions {
  /** Starts the server; the answer is `host:port`. */
  start(spec: ServerSpec): Promise<string>;
  stats(): Promise<ServerStats>;
  /** What its policies have in mind, by name. */
  states(): Promise<Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>>;
  /** From now on calls fail so, or no more. */
  fault(fault: Fault | null): Promise<void>;
}
