import { readFile } from 'node:fs/promises';
import { systemClock, type Cancel, type Clock } from '@giftmesh/kernel-time';
import type { PolicyState } from '@giftmesh/mesh-context';
import type { CallerIdentity } from './caller-identity-decider';
import {
  CertificateError,
  checkCertificates,
  type CertificateNames,
  type CertificatePems,
  type Certificates,
} from './certificates';

/** The longest file that is read, bytes. */
export const CERTIFICATE_FILE_BYTES_MAX = 1_048_576;

/** Where certificates are, all in PEM. */
export interface CertificateFilePaths {
  /** The own certificate, and behind it those between it and the authority. */
  readonly certificateFile: string;
  /** Its key, without a password. */
  readonly privateKeyFile: string;
  /** The authorities that are trusted. While an authority is replaced: the old and the new. */
  readonly caFile: string;
}

export interface CertificateFilesOptions extends CertificateFilePaths {
  /** Between two looks at the files, milliseconds; at least 10. Default 1,000. */
  readonly intervalMs?: number;
  /** Default the process's real time. */
  readonly clock?: Clock;
  /** Told when other certificates are in force. */
  readonly onReload?: (certificates: Certificates) => void;
  /** Told, once for each, why files were refused (the old certificates stay), and when the certificate in force has expired. */
  readonly onProblem?: (error: CertificateError) => void;
}

/**
 * Certificates as files say them, looked at again and again: by reading, since watchers miss files that are replaced, as Kubernetes does with
 * those of a Secret. Others are in force when two looks have found the same and it can be used, so a half-written file is never taken, and
 * one that cannot be used is refused. Files need to change only once.
 */
export class CertificateFiles {
  readonly #options: CertificateFilesOptions;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #listeners = new Set<(certificates: Certificates) => void>();
  #current: Certificates;
  /** What the last look found, when it was not what is in force. */
  #found: CertificatePems | undefined;
  #told: string | undefined;
  #reloads = 0;
  #refused = 0;
  #cancel: Cancel = () => undefined;
  #stopped = false;

  private constructor(options: CertificateFilesOptions, current: Certificates) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#intervalMs = options.intervalMs ?? 1_000;
    this.#current = current;
    this.#next();
  }

  /**
   * Reads the files, and goes on looking at them until `stop`. Rejects with CertificateError when they cannot be used, and with RangeError for
   * an interval that is none.
   */
  static async open(options: CertificateFilesOptions): Promise<CertificateFiles> {
    const { intervalMs = 1_000, clock = systemClock } = options;
    if (!(intervalMs >= 10 && intervalMs < 2 ** 31)) {
      throw new RangeError(`intervalMs must be at least 10, got ${intervalMs}`);
    }
    return new CertificateFiles(options, checkCertificates(await read(options), namesOf(options), clock.nowMs()));
  }

  /** What is in force. */
  get current(): Certificates {
    return this.#current;
  }

  /** Who this end is by its own certificate. */
  get identity(): CallerIdentity {
    return this.#current.identity;
  }

  /** Calls a listener when other certificates are in force, until it is taken back. */
  subscribe(listener: (certificates: Certificates) => void): Cancel {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** For metrics and people. */
  state(): PolicyState {
    return { reloads: this.#reloads, refused: this.#refused, validUntilMs: this.#current.validUntilMs };
  }

  /** Looks no more; what is in force stays. */
  stop(): void {
    this.#stopped = true;
    this.#cancel();
    this.#listeners.clear();
  }

  /** Looks at the files now. The same look comes by itself, at each interval. Never rejects. */
  async look(): Promise<void> {
    try {
      const found = await read(this.#options);
      if (this.#stopped) return;
      const before = this.#found;
      this.#found = isSame(found, this.#current) ? undefined : found;
      if (this.#found === undefined) this.#lookAtTimes();
      else if (before !== undefined && isSame(found, before)) this.#take(found);
    } catch (error) {
      this.#found = undefined;
      this.#tell(error as CertificateError);
    }
  }

  #take(found: CertificatePems): void {
    try {
      this.#current = checkCertificates(found, namesOf(this.#options), this.#clock.nowMs());
    } catch (error) {
      // Looked at again each time, for it may only be too early for it; and told once.
      this.#tell(error as CertificateError);
      return;
    }
    this.#found = undefined;
    this.#told = undefined;
    this.#reloads += 1;
    for (const listener of this.#listeners) listener(this.#current);
    this.#options.onReload?.(this.#current);
  }

  #lookAtTimes(): void {
    if (this.#current.validUntilMs > this.#clock.nowMs()) this.#told = undefined;
    else
      this.#tell(
        new CertificateError(`the certificate in ${this.#options.certificateFile} has expired and is still in use`),
      );
  }

  #tell(error: CertificateError): void {
    if (this.#stopped || error.message === this.#told) return;
    this.#told = error.message;
    this.#refused += 1;
    this.#options.onProblem?.(error);
  }

  #next(): void {
    this.#cancel = this.#clock.schedule(this.#intervalMs, () => {
      void this.look().then(() => {
        if (!this.#stopped) this.#next();
      });
    });
  }
}

function namesOf({ certificateFile, privateKeyFile, caFile }: CertificateFilePaths): CertificateNames {
  return { certificate: certificateFile, privateKey: privateKeyFile, ca: caFile };
}

async function read({ certificateFile, privateKeyFile, caFile }: CertificateFilePaths): Promise<CertificatePems> {
  const [certificate, privateKey, ca] = await Promise.all([certificateFile, privateKeyFile, caFile].map(readText));
  return { certificate, privateKey, ca } as CertificatePems;
}

async function readText(path: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new CertificateError(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  if (bytes.length > CERTIFICATE_FILE_BYTES_MAX) {
    throw new CertificateError(`${path} must be at most ${CERTIFICATE_FILE_BYTES_MAX} bytes, is ${bytes.length}`);
  }
  return bytes.toString('utf8');
}

function isSame(a: CertificatePems, b: CertificatePems): boolean {
  return a.certificate === b.certificate && a.privateKey === b.privateKey && a.ca === b.ca;
}
