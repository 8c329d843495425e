import type { Answer, Question, Questions } from './questions';

/** Makes this process answer its parent's questions, and end with it. */
export function answerParent<Q extends Questions<Q>>(answers: Q): void {
  process.on('message', ({ id, name, argument }: Question) => {
    const answer = answers[name as keyof Q] as unknown as (argument: unknown) => Promise<unknown>;
    void Promise.resolve()
      .then(() => answer.call(answers, argument))
      .then(
        (value): Answer => ({ id, value }),
        (thrown: unknown): Answer => ({
          id,
          error: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
        }),
      )
      .then((told) => process.send?.(told));
  });
  process.on('disconnect', () => process.exit(0));
}
