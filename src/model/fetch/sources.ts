/** What every way of fetching a model file is told. */
export interface FetchContext {
  /** Holds a prefix of the file; bytes that are there are not fetched again. */
  partPath: string;
  /** Total size in bytes where the catalogue knows it. */
  bytes?: number | undefined;
  signal?: AbortSignal | undefined;
  /** `done` bytes of the file are here, of `total`. */
  onBytes: (done: number, total: number) => void;
}

/** A source did not deliver; the next one is tried. The message is one sentence for a person. */
export class SourceError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SourceError';
  }
}

/** The innermost reason of a failed fetch: undici hides it as a cause. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  const code = (error as NodeJS.ErrnoException).code;
  if (error.cause !== undefined) {
    return reasonOf(error.cause);
  }
  return error.message === '' && code !== undefined ? code : error.message;
}
