import { mean } from '../base/statistics.ts';
import { figuresOf } from '../benchmarks/figures.ts';
import type { EvaluatedProblem, Evaluation } from '../protocol/records.ts';
import type {
  ComparisonModel,
  ComparisonPart,
  ComparisonRow,
  PairAnswers,
  PairCell,
  PairOutcome,
  ResultView,
} from './compared.ts';
import { changeOf } from './comparison.ts';
import { benchmarkTitle, policyWord, rightShare } from './evaluation.ts';
import { formatNumber } from './format.ts';
import { type Pair, pairResults } from './paired-results.ts';
import { modelWord } from './run-name.ts';
import type { Translate } from './translate.ts';
import { markWord } from './words.ts';

export { outcomes } from './compared.ts';
export type { ComparisonModel, ComparisonPart, ComparisonRow, PairAnswers, PairCell, PairOutcome, ResultView };

/** What became of a problem from one result to another. */
export function pairOutcomeWord(t: Translate, outcome: PairOutcome): string {
  const words: Record<PairOutcome, string> = {
    won: t('Won'),
    lost: t('Lost'),
    both: t('Both'),
    neither: t('Neither'),
  };
  return words[outcome];
}

/** How many problems have each outcome: `26 won`, `6 lost`, `150 by both`, `218 by neither`. */
export function outcomeCounts(t: Translate, { rows }: Pick<ComparisonModel, 'rows'>): string[] {
  const count = (outcome: PairOutcome): number => rows.filter((row) => row.outcome === outcome).length;
  return [
    t('{0} won', count('won')),
    t('{0} lost', count('lost')),
    t('{0} by both', count('both')),
    t('{0} by neither', count('neither')),
  ];
}

/** A cell of the table of problems: the verdict or mark of one answer, or how many are right. */
export function cellText(t: Translate, { right, of, mark, verdict }: PairCell): string {
  return of === 1 ? (verdict ?? markWord(t, mark, false)) : t('{0} of {1}', right, of);
}

/** By which test the verdict was found. */
export function testText(t: Translate, { p }: ComparisonModel['change']): string {
  return p === undefined ? t('paired bootstrap over problems') : t("McNemar's exact test: p = {0}", formatNumber(p));
}

/** A result and what a person calls it. */
export interface NamedResult {
  evaluation: Evaluation;
  /** The name of its run; absent: its model is named. */
  name?: string;
}

/** Compares two results. Throws BoundaryError('usage') as {@link pairResults} does. */
export function comparisonModel(t: Translate, before: NamedResult, after: NamedResult): ComparisonModel {
  const { pairs, notes } = pairResults(t, before.evaluation, after.evaluation);
  const viewOf = (side: 'before' | 'after', result: NamedResult): ResultView => {
    const compared = pairs.map((pair) => pair[side]);
    return resultView(t, result, compared);
  };
  return {
    title: titleOf(before.evaluation, after.evaluation),
    before: viewOf('before', before),
    after: viewOf('after', after),
    change: changeOf(pairs),
    notes,
    rows: pairs.map(rowOf),
    parts: partsOf(pairs),
  };
}

/** The answers of one problem in both results; undefined where one of them does not hold it. */
export function pairAnswers(before: Evaluation, after: Evaluation, id: string): PairAnswers | undefined {
  const [first, second] = [before, after].map(({ problems }) => problems.find((problem) => problem.id === id));
  if (!first || !second) {
    return undefined;
  }
  const { expected = second.expected } = first;
  return { id, ...(expected === undefined ? {} : { expected }), before: first.answers, after: second.answers };
}

function titleOf(before: Evaluation, after: Evaluation): string {
  return before.split === after.split ? benchmarkTitle(before) : before.benchmark;
}

function resultView(
  t: Translate,
  { evaluation, name }: NamedResult,
  compared: readonly EvaluatedProblem[],
): ResultView {
  const { samples, temperature, precision, time, model } = evaluation;
  const { accuracy, interval, total } = figuresOf(compared, evaluation);
  const facts = { accuracy, interval, total, samples, temperature, precision, time };
  return { name: name ?? modelWord(model), policy: policyWord(t, evaluation), ...facts };
}

function rowOf({ id, before, after }: Pair): ComparisonRow {
  const [first, second] = [rightShare(before), rightShare(after)];
  const outcome = second > first ? 'won' : second < first ? 'lost' : first > 0 ? 'both' : 'neither';
  return { id, tags: tagsOf(after), outcome, before: cellOf(before), after: cellOf(after) };
}

function cellOf({ answers }: EvaluatedProblem): PairCell {
  const [first] = answers;
  const right = answers.filter(({ mark }) => mark === 'right').length;
  const verdict = answers.length === 1 ? first?.verdict : undefined;
  return {
    ...{ right, of: answers.length, mark: first?.mark ?? 'masked' },
    ...(verdict === undefined ? {} : { verdict }),
  };
}

function tagsOf({ tags = [], difficulty }: EvaluatedProblem): string[] {
  return [...new Set([...(difficulty === undefined ? [] : [difficulty]), ...tags])];
}

/** Difficulties before tags, each with the most frequent first. */
function partsOf(pairs: readonly Pair[]): ComparisonPart[] {
  const difficulties = new Set(pairs.flatMap(({ after: { difficulty } }) => difficulty ?? []));
  const byTag = new Map<string, Pair[]>();
  for (const pair of pairs) {
    for (const tag of tagsOf(pair.after)) {
      byTag.set(tag, [...(byTag.get(tag) ?? []), pair]);
    }
  }
  return [...byTag]
    .map(([name, of]) => ({
      ...{ name, problems: of.length },
      before: mean(of.map(({ before }) => rightShare(before))),
      after: mean(of.map(({ after }) => rightShare(after))),
    }))
    .sort((a, b) => Number(difficulties.has(b.name)) - Number(difficulties.has(a.name)) || b.problems - a.problems);
}
