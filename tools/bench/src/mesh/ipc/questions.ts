/** What a process can be asked: functions with one plain argument at most and a plain answer. */
export type Questions<Q> = { readonly [K in keyof Q]: (argument: never) => Promise<unknown> };

/** A question on its way to a process. */
export interface Question {
  readonly id: number;
  readonly name: string;
  readonly argument?: unknown;
}

/** The answer on its way back. */
export type Answer =
  { readonly id: number; readonly value?: unknown } | { readonly id: number; readonly error: string };
