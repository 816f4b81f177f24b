/** Where a failure belongs: the side that has to act. */
export const boundaries = ['usage', 'model', 'runtime', 'sandbox', 'run', 'environment', 'interrupted'] as const;
export type Boundary = (typeof boundaries)[number];

/**
 * A failure that a person can act on. `message` says what is wrong in one sentence, `remedy` what to do next
 * (a command where there is one). It is shown without its stack. Crosses process borders as {@link ErrorRecord}.
 */
export class BoundaryError extends Error {
  readonly boundary: Boundary;
  readonly remedy: string;

  constructor(boundary: Boundary, message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BoundaryError';
    this.boundary = boundary;
    this.remedy = remedy;
  }
}

/** The plain-data form of an error. */
export interface ErrorRecord {
  boundary: Boundary;
  message: string;
  remedy: string;
}

/** Any thrown value as plain data; what is not a BoundaryError becomes a fault of `boundary` with `remedy`. */
export function toErrorRecord(error: unknown, boundary: Boundary, remedy: string): ErrorRecord {
  if (error instanceof BoundaryError) {
    return { boundary: error.boundary, message: error.message, remedy: error.remedy };
  }
  return { boundary, message: error instanceof Error ? error.message : String(error), remedy };
}

/** The inverse of {@link toErrorRecord}. */
export function fromErrorRecord(record: ErrorRecord): BoundaryError {
  return new BoundaryError(record.boundary, record.message, record.remedy);
}

/** Exit code of the command line: 0 done, 1 failed, 2 wrong use, 130 interrupted. */
export function exitCodeOf(error: unknown): 1 | 2 | 130 {
  if (!(error instanceof BoundaryError)) {
    return 1;
  }
  return error.boundary === 'usage' ? 2 : error.boundary === 'interrupted' ? 130 : 1;
}
