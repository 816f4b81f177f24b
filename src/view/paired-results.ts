import { BoundaryError } from '../base/errors.ts';
import type { EvaluatedProblem, Evaluation } from '../protocol/records.ts';
import { benchmarkTitle } from './evaluation.ts';
import { modelWord } from './run-name.ts';
import { english, type Translate } from './translate.ts';

/** A problem with what became of it in both results. */
export interface Pair {
  id: string;
  before: EvaluatedProblem;
  after: EvaluatedProblem;
}

/** Two results on the same problems. */
export interface PairedResults {
  pairs: Pair[];
  /** What a reader must know to read the comparison rightly: other settings, problems that only one of them holds. */
  notes: string[];
}

/**
 * Pairs two results by problem. Where they asked different parts of one benchmark (split, limit), the problems that both
 * hold are paired, and the notes say so. Throws BoundaryError('usage') where nothing fair can be said: other benchmark or
 * domain, no problem in common, or questions that changed under the same names.
 */
export function pairResults(t: Translate, before: Evaluation, after: Evaluation): PairedResults {
  refuseOthers(t, before, after);
  const later = new Map(after.problems.map((problem) => [problem.id, problem]));
  const pairs = before.problems.flatMap((problem): Pair[] => {
    const found = later.get(problem.id);
    return found ? [{ id: problem.id, before: problem, after: found }] : [];
  });
  if (pairs.length === 0) {
    throw new BoundaryError(
      'usage',
      t('The two results have no problem in common: {0} and {1}.', partText(before), partText(after)),
      t('Evaluate both on the same part of the benchmark.'),
    );
  }
  return { pairs, notes: [...problemNotes(t, before, after, pairs.length), ...settingNotes(t, before, after)] };
}

/** Whether {@link pairResults} finds something to compare. */
export function canCompare(before: Evaluation, after: Evaluation): boolean {
  try {
    pairResults(english, before, after);
    return true;
  } catch (error) {
    if (error instanceof BoundaryError) {
      return false;
    }
    throw error;
  }
}

function refuseOthers(t: Translate, before: Evaluation, after: Evaluation): void {
  if (before.domain !== after.domain || before.benchmark !== after.benchmark) {
    const name = ({ benchmark, domain }: Evaluation): string =>
      before.domain === after.domain ? benchmark : `${benchmark} (${domain})`;
    throw new BoundaryError(
      'usage',
      t('The first result is of {0}, the second of {1}: problems of another benchmark say nothing about it.', name(before), name(after)), // prettier-ignore
      t('Choose two results of one benchmark, or evaluate the second policy on {0}.', before.benchmark),
    );
  }
  for (const { problems, benchmark } of [before, after]) {
    if (problems.length === 0) {
      throw new BoundaryError(
        'usage',
        t('A result on {0} holds no problems.', benchmark),
        t('Evaluate again, without a limit or split that leaves none.'),
      );
    }
  }
  if (sameParts(before, after) && hashesDiffer(before, after)) {
    throw new BoundaryError(
      'usage',
      t('The problems of {0} were changed between the two results.', benchmarkTitle(before)),
      t('Evaluate both policies again with the same version of the problems.'),
    );
  }
}

function sameParts(before: Evaluation, after: Evaluation): boolean {
  return before.split === after.split && before.limit === after.limit;
}

function hashesDiffer(before: Evaluation, after: Evaluation): boolean {
  const [first, second] = [before.questionsHash, after.questionsHash];
  return first !== '' && second !== '' && first !== second;
}

function partText(evaluation: Evaluation): string {
  return `${benchmarkTitle(evaluation)}, ${evaluation.problems.length}`;
}

function problemNotes(t: Translate, before: Evaluation, after: Evaluation, paired: number): string[] {
  const [first, second] = [before.problems.length, after.problems.length];
  return [
    ...(paired < Math.max(first, second)
      ? [t('Only the {0} problems that both results hold are compared: the first holds {1}, the second {2}.', paired, first, second)] // prettier-ignore
      : []),
    ...(before.questionsHash === '' || after.questionsHash === ''
      ? [t('A result of an older version does not say which questions it asked: problems are matched by name alone.')]
      : []),
  ];
}

/** Settings in which the two differ and which change what is measured. */
function settingNotes(t: Translate, before: Evaluation, after: Evaluation): string[] {
  const rows: [text: string, first: string | number | undefined, second: string | number | undefined][] = [
    [t('precision'), before.precision, after.precision],
    [t('temperature'), before.temperature, after.temperature],
    [t('answers to each problem'), before.samples, after.samples],
    [t('tokens of the longest answer'), before.maxTokens, after.maxTokens],
  ];
  const differing = rows
    .filter(([, first, second]) => first !== undefined && second !== undefined && first !== second)
    .map(([name, first = '', second = '']) => t('{0} {1} and {2}', name, first, second));
  return [
    ...(before.modelHash === after.modelHash
      ? []
      : [t('The models differ: {0} and {1}.', modelWord(before.model), modelWord(after.model))]),
    ...(differing.length === 0 ? [] : [t('Measured differently, so a part of the difference may come from that: {0}.', differing.join('; '))]), // prettier-ignore
  ];
}
