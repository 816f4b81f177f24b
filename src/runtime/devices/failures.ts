import { BoundaryError, toErrorRecord, type ErrorRecord } from '../../base/errors.ts';

/** What the allocators of ONNX Runtime, the C++ library and V8 say when memory is short. */
const memoryWords =
  /bad_alloc|bad allocation|failed to allocate|allocation failed|out of memory|cannot allocate|ENOMEM|invalid (typed )?array (buffer )?length/i;
const diskWords = /ENOSPC|EDQUOT|no space left/i;

/** Whether an allocator refused, as far as its message tells. */
export function isOutOfMemory(error: unknown): boolean {
  return memoryWords.test(error instanceof Error ? error.message : String(error));
}

/** What a person can do where the memory does not suffice. */
export const lessMemory =
  'Lower slots, contextTokens or the token limits, close other programs, or take a smaller model.';

/** Any failure of the runtime as plain data: running out of memory or disk is distinguished from a fault of the program. */
export function describeFailure(error: unknown): ErrorRecord {
  if (error instanceof BoundaryError) {
    return toErrorRecord(error, 'runtime', '');
  }
  const message = error instanceof Error ? error.message : String(error);
  if (isOutOfMemory(error)) {
    return { boundary: 'environment', message: `The memory does not suffice (${message}).`, remedy: lessMemory };
  }
  if (diskWords.test(message)) {
    return {
      boundary: 'environment',
      message: `The disk is full (${message}).`,
      remedy: 'Free some space, or set SELFQ_HOME to a folder on a larger disk.',
    };
  }
  return toErrorRecord(
    error,
    'runtime',
    'Start again; if it fails in the same way, run `selfq doctor` and report both.',
  );
}
