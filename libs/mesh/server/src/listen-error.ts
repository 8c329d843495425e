/** Why a server could not listen. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  /** The system's error code: `EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`, `ENOTFOUND`; `UNKNOWN` when there is none. */
  readonly code: string;
  readonly address: string;

  constructor(address: string, cause: Error) {
    const code = /\b(E[A-Z]{4,})\b/.exec(cause.message)?.[1] ?? 'UNKNOWN';
    super(`cannot listen on ${address}: ${explanations[code] ?? cause.message}`, { cause });
    this.code = code;
    this.address = address;
  }
}

const explanations: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use (EADDRINUSE)',
  EACCES: 'not allowed to use this port (EACCES)',
  EADDRNOTAVAIL: 'this machine does not have the address (EADDRNOTAVAIL)',
};
