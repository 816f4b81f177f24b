import * as vscode from 'vscode';
import type { Evaluation } from '../protocol/records.ts';
import { changeText, compareEvaluations } from '../view/comparison.ts';
import { benchmarkTitle, evaluationText, policyWord, problemScore, resultWord } from '../view/evaluation.ts';
import { formatDuration, formatPercent } from '../view/format.ts';
import { modelWord } from '../view/run-name.ts';
import { t } from './translate.ts';

/** One evaluation as Markdown, with a column for the earlier one where there is one. */
export function evaluationReport(evaluation: Evaluation, before: Evaluation | undefined): string {
  const change = before && compareEvaluations(before, evaluation);
  const hasTests = evaluation.problems.some(({ answers }) => answers.some(({ verdict }) => verdict !== undefined));
  return [
    `# ${cell(benchmarkTitle(evaluation))}`,
    '',
    ...(before ? [summary(vscode.l10n.t('Before'), before), ''] : []),
    summary(before ? vscode.l10n.t('Now') : vscode.l10n.t('Result'), evaluation),
    '',
    ...(before ? [changeLine(before, evaluation, change), ''] : []),
    ...table(evaluation, before, hasTests),
    '',
    `${answersText(evaluation)} ${
      hasTests
        ? vscode.l10n.t(
            'Right: every test passed. AC accepted, WA wrong answer, RE threw, CE does not compile, TLE time, MLE memory, OLE output too large, BAD no plain data, IE fault of the judge.',
          )
        : vscode.l10n.t('Right: the answer is the true value.')
    }`,
  ].join('\n');
}

/** How the problems were answered, without which figures cannot be held against each other. */
function answersText({ samples, temperature, precision }: Evaluation): string {
  return samples === 1 && temperature === 0
    ? vscode.l10n.t('One greedy answer to each problem, precision {0}.', precision)
    : vscode.l10n.t(
        'Answers to each problem: {0}, sampled at temperature {1}, precision {2}.',
        ...[String(samples), String(temperature), precision],
      );
}

function changeLine(before: Evaluation, now: Evaluation, change: ReturnType<typeof compareEvaluations>): string {
  return change
    ? changeText(t, change)
    : vscode.l10n.t(
        'The two evaluations are not of the same problems: {0} and {1}.',
        String(before.total),
        String(now.total),
      );
}

function table(evaluation: Evaluation, before: Evaluation | undefined, hasTests: boolean): string[] {
  const earlier = new Map(before?.problems.map((problem) => [problem.id, problem]));
  const hasExpected = evaluation.problems.some(({ expected }) => expected !== undefined);
  const head = [
    vscode.l10n.t('problem'),
    ...(before ? [vscode.l10n.t('before')] : []),
    vscode.l10n.t('now'),
    ...(hasTests ? [vscode.l10n.t('tests passed')] : [vscode.l10n.t('answer')]),
    ...(hasExpected ? [vscode.l10n.t('expected')] : []),
    ...(before ? [''] : []),
  ];
  const rows = evaluation.problems.map((problem) => {
    const old = earlier.get(problem.id);
    return [
      cell(problem.id),
      ...(before ? [old ? resultWord(t, old) : ''] : []),
      resultWord(t, problem),
      hasTests
        ? formatPercent(problemScore(problem))
        : cell(short(problem.answers.map(({ answer }) => answer).join(', '))),
      ...(hasExpected ? [cell(problem.expected ?? '')] : []),
      ...(before ? [arrow(problemScore(problem), old && problemScore(old))] : []),
    ];
  });
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

/** Longest answer in a cell, in characters. */
const answerLength = 60;

function short(answer: string): string {
  return answer.length > answerLength ? `${answer.slice(0, answerLength - 1)}…` : answer;
}

function summary(title: string, evaluation: Evaluation): string {
  const who = `${modelWord(evaluation.model)}, ${policyWord(t, evaluation)}`;
  return `**${title}** ${evaluationText(t, evaluation)} (${cell(who)}, ${formatDuration(evaluation.seconds, t)})`;
}

function arrow(score: number, before: number | undefined): string {
  if (before === undefined || score === before) {
    return '';
  }
  return score > before ? '▲' : '▼';
}

/** Names come from files that anyone may have written. */
function cell(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>()#+!|~-]/g, '\\$&').replaceAll(/\s+/g, ' ');
}
