/** Prints a command's answer: as JSON, or as the text. */
export type Answer = (value: unknown, text: () => string) => void;

/** The exit code for what is done and still leaves something to be looked at. */
export const EXIT_SOMETHING = 1;
