import { closeSync, openSync, readSync } from 'node:fs';

/** What a SQLite file's first 100 bytes say (https://sqlite.org/fileformat2.html, section 1.3). */
export interface FileHeader {
  readonly applicationId: number;
  readonly userVersion: number;
  /** Size that the file should have; undefined when the header does not know. */
  readonly bytes: number | undefined;
}

const MAGIC = 'SQLite format 3\0';

/** Reads the header; undefined for a file that has none. Throws the system's errors. */
export function readFileHeader(path: string): FileHeader | undefined {
  const bytes = Buffer.alloc(100);
  const file = openSync(path, 'r');
  try {
    if (readSync(file, bytes, 0, 100, 0) < 100) return undefined;
  } finally {
    closeSync(file);
  }
  if (bytes.toString('latin1', 0, 16) !== MAGIC) return undefined;
  const pageBytes = bytes.readUInt16BE(16) === 1 ? 65_536 : bytes.readUInt16BE(16);
  const pages = bytes.readUInt32BE(28);
  // The page count counts only if it was written by the same change as the header itself.
  const isValid = pages > 0 && bytes.readUInt32BE(24) === bytes.readUInt32BE(92);
  return {
    applicationId: bytes.readUInt32BE(68),
    userVersion: bytes.readUInt32BE(60),
    bytes: isValid ? pages * pageBytes : undefined,
  };
}
