/** An export, wherever it lies. */
export interface ExportReader {
  /** A small file, whole; null where there is none. */
  read(file: string): Promise<Uint8Array | null>
  /** A large file in pieces; null where there is none. May be called again for the same file. */
  stream(file: string): Promise<AsyncIterable<Uint8Array> | null>
}
