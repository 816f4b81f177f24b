import type { RejectedFunctionReason, SkippedFileReason } from '../protocol/seed.ts';

/** Why no problems are made from a function. */
export function rejectedFunctionWord(reason: RejectedFunctionReason): string {
  const words: Record<RejectedFunctionReason, string> = {
    excluded: 'excluded by a pattern',
    asynchronous: 'asynchronous, or a generator',
    this: 'uses this, or elements of a page',
    imports: 'uses other files',
    outside: 'uses variables, classes or unknown names',
    input_output: 'reaches out of the program',
    parameters: 'takes no plain data',
    too_long: 'too long',
    secret: 'holds what looks like a secret',
    repeated: 'does what another one does',
    endless: 'does not end',
    throws: 'fails on most inputs',
    changes_input: 'changes its arguments',
    changing_output: 'gives different results',
    not_data: 'returns no plain data',
    few_outputs: 'has hardly different results',
    returns_argument: 'mostly returns an argument',
    not_tried: 'not tried: no time left',
    sandbox_fault: 'fault of the sandbox',
  };
  return words[reason];
}

/** Why a file was not read. */
export function skippedFileWord(reason: SkippedFileReason): string {
  const words: Record<SkippedFileReason, string> = {
    other_language: 'in other languages',
    declarations: 'with types alone',
    secret: 'named like secrets',
    generated: 'generated or packed',
    excluded: 'excluded by a pattern',
    too_large: 'larger than 256 KB',
    unreadable: 'not readable, or links',
    out_of_time: 'beyond the time limit',
  };
  return words[reason];
}
