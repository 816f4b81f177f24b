import { createContext, Script } from 'node:vm';

/** {@link withinTime} ended the work. */
export class TimeLimitError extends Error {
  constructor(limitMs: number) {
    super(`it takes longer than ${limitMs} ms`);
    this.name = 'TimeLimitError';
  }
}

const place: { work: (() => void) | undefined } = { work: undefined };
const script = new Script('work()');
let context: typeof place | undefined;

/**
 * Runs synchronous work that foreign data could make endless (a template, a regular expression), and ends it after
 * `limitMs` milliseconds, wherever it is. Throws TimeLimitError then, and what the work throws.
 */
export function withinTime<T>(limitMs: number, work: () => T): T {
  let result: { value: T } | undefined;
  context ??= createContext(place) as typeof place;
  context.work = () => {
    result = { value: work() };
  };
  try {
    script.runInContext(context, { timeout: limitMs });
  } catch (error) {
    // Of the context's realm: no instance of this one's Error.
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    if (code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') {
      throw new TimeLimitError(limitMs);
    }
    throw error;
  } finally {
    context.work = undefined;
  }
  if (!result) {
    throw new TimeLimitError(limitMs);
  }
  return result.value;
}
