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

/** How often the limit is doubled for work that was not given the processor. */
const mostDoublings = 4;

/**
 * Runs synchronous work that foreign data could make endless (a template, a regular expression), and ends it after
 * `limitMs` milliseconds, wherever it is. Work that had the processor for less than half of that, as on a busy machine, is
 * run again with twice the time: it must not matter how often it is run. Throws TimeLimitError at the limit, and what the
 * work throws.
 */
export function withinTime<T>(limitMs: number, work: () => T): T {
  for (let doublings = 0; doublings <= mostDoublings; doublings++) {
    const before = process.cpuUsage();
    const result = attempt(limitMs * 2 ** doublings, work);
    if (result) {
      return result.value;
    }
    const { user, system } = process.cpuUsage(before);
    if (user + system >= 500 * limitMs) {
      break;
    }
  }
  throw new TimeLimitError(limitMs);
}

/** What the work returned; undefined where it was ended after so many milliseconds by the clock. */
function attempt<T>(milliseconds: number, work: () => T): { value: T } | undefined {
  let result: { value: T } | undefined;
  context ??= createContext(place) as typeof place;
  context.work = () => {
    result = { value: work() };
  };
  try {
    script.runInContext(context, { timeout: milliseconds });
  } catch (error) {
    // Of the context's realm: no instance of this one's Error.
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    if (code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') {
      return undefined;
    }
    throw error;
  } finally {
    context.work = undefined;
  }
  return result;
}
