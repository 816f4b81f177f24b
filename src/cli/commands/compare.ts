import { optional } from '../../base/optional.ts';
import type { EvaluatedAnswer } from '../../protocol/records.ts';
import { changeText } from '../../view/comparison.ts';
import {
  cellText,
  type ComparisonModel,
  type ComparisonRow,
  comparisonModel,
  type NamedResult,
  type PairCell,
  pairAnswers,
  outcomeCounts,
  type ResultView,
  testText,
} from '../../view/comparison-model.ts';
import { formatPercent, formatPoints } from '../../view/format.ts';
import { english } from '../../view/translate.ts';
import { markWord } from '../../view/words.ts';
import type { Arguments } from '../arguments.ts';
import { findResults } from '../stored-results.ts';
import { oneLine, sideBySide, table } from '../terminal.ts';

/** Problems of one outcome that are listed where nothing asks for all. */
const listed = 20;

/** Columns of a page where standard output is no terminal. */
const defaultColumns = 120;

/** `selfq compare`: two results of one benchmark, problem by problem. */
export function compare(args: Arguments): Promise<number> {
  const [before, after] = findResults(args.positionals, {
    ...optional('benchmark', args.text('benchmark')),
    ...optional('step', args.integer('step', 0)),
  });
  const model = comparisonModel(english, before, after);
  const withAnswers = args.has('answers');
  process.stdout.write(
    args.has('json')
      ? `${JSON.stringify(jsonOf(model, before, after, withAnswers))}\n`
      : `${[...head(model), ...lists(model, before, after, withAnswers), ...parts(model)].join('\n')}\n`,
  );
  return Promise.resolve(0);
}

function jsonOf(model: ComparisonModel, before: NamedResult, after: NamedResult, withAnswers: boolean): object {
  const { rows, ...rest } = model;
  const summary = ({ evaluation: { problems: _, ...evaluation } }: NamedResult): object => evaluation;
  return {
    sentence: changeText(english, model.change),
    ...{ ...rest, before: { ...model.before, ...summary(before) }, after: { ...model.after, ...summary(after) } },
    problems: rows.map((row) => ({
      ...row,
      ...(withAnswers ? { answers: pairAnswers(before.evaluation, after.evaluation, row.id) } : {}),
    })),
  };
}

function head(model: ComparisonModel): string[] {
  const { title, change, notes } = model;
  const answers = change.samples === 1 ? '' : `, ${change.samples} answers to each`;
  return [
    `${oneLine(title, defaultColumns)}, ${change.problems} problems${answers}`,
    '',
    table([
      ['', 'result', 'right', '95 % interval', 'answers'],
      resultRow('A', model.before),
      resultRow('B', model.after),
    ]),
    '',
    changeText(english, change),
    `${outcomeCounts(english, model).join(', ')}; ${testText(english, change)}`,
    ...notes.map((note) => `Note: ${oneLine(note, 1000)}`),
  ];
}

function resultRow(letter: string, result: ResultView): string[] {
  const { name, policy, accuracy, interval, samples, temperature, precision } = result;
  const way = temperature === 0 ? 'greedy' : `${samples} at temperature ${temperature}`;
  return [
    letter,
    oneLine(`${name}, ${policy}`, 60),
    `${(100 * accuracy).toFixed(1)} %`,
    interval.map(formatPercent).join(' to '),
    `${way}, ${precision}`,
  ];
}

/** The problems that were won and lost; with their answers where they are asked for. */
function lists(model: ComparisonModel, before: NamedResult, after: NamedResult, withAnswers: boolean): string[] {
  return (['won', 'lost'] as const).flatMap((outcome) => {
    const rows = model.rows.filter((row) => row.outcome === outcome);
    if (rows.length === 0) {
      return [];
    }
    const shown = withAnswers ? rows : rows.slice(0, listed);
    const rest = rows.length - shown.length;
    return [
      '',
      `${outcome} (${rows.length})`,
      ...(withAnswers ? shown.flatMap((row) => answersText(row, before, after)) : [listText(shown)]),
      ...(rest > 0 ? [`… and ${rest} more: --answers shows all`] : []),
    ];
  });
}

function listText(rows: readonly ComparisonRow[]): string {
  const cells = rows.map(({ id, before, after, tags }) => [
    ...[oneLine(id, 50), cell(before), cell(after), oneLine(tags.join(', '), 50)],
  ]);
  return table([['problem', 'A', 'B', 'tags'], ...cells]);
}

function cell(pair: PairCell): string {
  return oneLine(cellText(english, pair), 20);
}

/** Every answer of A beside the answer of B of the same number. */
function answersText({ id, before: a, after: b }: ComparisonRow, before: NamedResult, after: NamedResult): string[] {
  const answers = pairAnswers(before.evaluation, after.evaluation, id);
  if (!answers) {
    return [];
  }
  const columns = process.stdout.columns || defaultColumns;
  const expected = answers.expected === undefined ? '' : `, expected ${oneLine(answers.expected, 60)}`;
  const count = Math.max(answers.before.length, answers.after.length);
  const pairs = Array.from({ length: count }, (_, i) => {
    return sideBySide(answerText('A', answers.before[i]), answerText('B', answers.after[i]), columns);
  });
  return ['', `── ${oneLine(id, 60)}: ${cell(a)} → ${cell(b)}${expected}`, ...pairs];
}

function answerText(letter: string, answer: EvaluatedAnswer | undefined): string {
  const word = answer ? (answer.verdict ?? markWord(english, answer.mark, false)) : '–';
  return `${letter}: ${word}\n${answer?.completion ?? ''}`;
}

function parts({ parts: rows }: ComparisonModel): string[] {
  if (rows.length === 0) {
    return [];
  }
  const cells = rows.map(({ name, problems, before, after }) => [
    ...[oneLine(name, 40), String(problems), formatPercent(before), formatPercent(after)],
    formatPoints(after - before),
  ]);
  return ['', table([['tag', 'problems', 'A', 'B', 'points'], ...cells])];
}
