import type { RejectedFunctionReason, SkippedFileReason } from '../protocol/seed.ts';
import type { Translate } from './translate.ts';

/** Why no problems are made from a function, in the reader's language. */
export function rejectedFunctionWord(t: Translate, reason: RejectedFunctionReason): string {
  const words: Record<RejectedFunctionReason, string> = {
    excluded: t('excluded by a pattern'),
    asynchronous: t('asynchronous, or a generator'),
    this: t('uses this, or elements of a page'),
    imports: t('uses other files'),
    outside: t('uses variables, classes or unknown names'),
    input_output: t('reaches out of the program'),
    parameters: t('takes no plain data'),
    too_long: t('too long'),
    secret: t('holds what looks like a secret'),
    repeated: t('does what another one does'),
    endless: t('does not end'),
    throws: t('fails on most inputs'),
    changes_input: t('changes its arguments'),
    changing_output: t('gives different results'),
    not_data: t('returns no plain data'),
    few_outputs: t('has hardly different results'),
    returns_argument: t('mostly returns an argument'),
    not_tried: t('not tried: no time left'),
    sandbox_fault: t('fault of the sandbox'),
  };
  return words[reason];
}

/** Why a file was not read, in the reader's language. */
export function skippedFileWord(t: Translate, reason: SkippedFileReason): string {
  const words: Record<SkippedFileReason, string> = {
    other_language: t('in other languages'),
    declarations: t('with types alone'),
    secret: t('named like secrets'),
    generated: t('generated or packed'),
    excluded: t('excluded by a pattern'),
    too_large: t('larger than 256 KB'),
    unreadable: t('not readable, or links'),
    out_of_time: t('beyond the time limit'),
  };
  return words[reason];
}
