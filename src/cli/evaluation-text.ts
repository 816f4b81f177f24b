import type { EvaluationProgress } from '../benchmarks/evaluate.ts';
import { figuresByPart, type PartFigures } from '../benchmarks/figures.ts';
import type { Benchmark } from '../benchmarks/registry.ts';
import type { EvaluatedProblem, Evaluation } from '../protocol/records.ts';
import { benchmarkTitle, evaluationText, problemScore, resultWord } from '../view/evaluation.ts';
import { formatDuration, formatPercent } from '../view/format.ts';
import { english } from '../view/translate.ts';
import { bar, createProgressOutput, oneLine, table } from './terminal.ts';

/** Interval between progress lines when standard error is not a terminal, milliseconds. */
const lineEveryMs = 15_000;
/** Tags that are listed, most frequent first. */
const shownTags = 12;

/** Shows on standard error how far an evaluation is. */
export function createEvaluationProgress(benchmark: Benchmark) {
  const output = createProgressOutput(process.stderr, Number(process.env['SELFQ_PROGRESS_MS'] ?? lineEveryMs));
  let last: EvaluationProgress | undefined;
  return {
    /** `known`: problems that an earlier part of the evaluation finished. */
    begin(known: number): void {
      if (known > 0) {
        output.line(`Continuing: ${known} of ${benchmark.questions.length} questions are answered already.`);
      }
    },
    show(progress: EvaluationProgress): void {
      last = progress;
      output.status(`${bar(progress.done / progress.total)} ${progressText(benchmark, progress)}`);
    },
    done: (): number => last?.done ?? 0,
    clear: (): void => output.clear(),
  };
}

function progressText(benchmark: Benchmark, progress: EvaluationProgress): string {
  const { done, total, tokensPerSecond, secondsLeft } = progress;
  const title = benchmarkTitle({ benchmark: benchmark.name, ...benchmark });
  return [
    `${title}: ${done} of ${total} questions`,
    ...(tokensPerSecond > 0 ? [`${Math.round(tokensPerSecond)} tokens/s`] : []),
    ...(secondsLeft === undefined ? [] : [`${formatDuration(secondsLeft)} left`]),
  ].join(', ');
}

/** An evaluation for a person; `problems`: with a table of all of them. */
export function evaluationReport(evaluation: Evaluation, { problems }: { problems: boolean }): string {
  const { tags, difficulties } = figuresByPart(evaluation.problems);
  const tooLong = evaluation.problems.filter(({ unasked }) => unasked);
  return [
    `${benchmarkTitle(evaluation)}: ${evaluationText(english, evaluation)}`,
    ...passAtLine(evaluation),
    `reference score of the paper ${evaluation.referenceScore.toFixed(3)}`,
    conditions(evaluation),
    ...(tooLong.length > 0 ? [tooLongText(tooLong)] : []),
    ...partLines('by difficulty', difficulties),
    ...partLines('by tag', tags.slice(0, shownTags)),
    ...(problems ? ['', problemTable(evaluation)] : []),
  ].join('\n');
}

function passAtLine({ passAt }: Evaluation): string[] {
  const figures = Object.entries(passAt ?? {}).map(([k, share]) => `pass@${k} ${formatPercent(share)}`);
  return figures.length === 0 ? [] : [figures.join(', ')];
}

/** What the figures hold for, so that others can be held against them. */
function conditions({ precision, samples, temperature, seed, maxTokens, tokens, seconds }: Evaluation): string {
  const way = samples === 1 && temperature === 0 ? 'greedy' : `temperature ${temperature}, seed ${seed}`;
  return [
    `precision ${precision}`,
    way,
    ...(maxTokens === undefined ? [] : [`at most ${maxTokens} tokens`]),
    ...(tokens === undefined ? [] : [`${tokens} tokens`]),
    formatDuration(seconds),
  ].join(', ');
}

function tooLongText(problems: readonly EvaluatedProblem[]): string {
  const ids = problems.map(({ id }) => id);
  const more = ids.length > 3 ? `, … (${ids.length - 3} more)` : '';
  return `Not asked, as they do not fit the context, and counted as not solved: ${ids.slice(0, 3).join(', ')}${more}`;
}

function partLines(title: string, parts: readonly PartFigures[]): string[] {
  const figures = parts.map(({ name, total, accuracy }) => `${name} ${formatPercent(accuracy)} of ${total}`);
  return figures.length === 0 ? [] : [`${title}: ${figures.join(', ')}`];
}

function problemTable({ problems }: Evaluation): string {
  const hasExpected = problems.some(({ expected }) => expected !== undefined);
  const rows = problems.map((problem) => {
    const { id, difficulty = '', expected = '', answers } = problem;
    const tokens = answers.reduce((sum, answer) => sum + answer.tokens, 0);
    const result = resultWord(english, problem);
    const given = hasExpected ? [expected, oneLine(answers.map(({ answer }) => answer).join(', '), 40)] : [];
    return [id, difficulty, result, formatPercent(problemScore(problem)), String(tokens), ...given];
  });
  const head = ['problem', 'difficulty', 'result', 'score', 'tokens', ...(hasExpected ? ['expected', 'answers'] : [])];
  return table([head, ...rows]);
}
