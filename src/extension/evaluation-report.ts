import * as vscode from 'vscode';
import type { Evaluation } from '../protocol/records.ts';
import { formatPercent } from '../view/format.ts';

/** One evaluation as Markdown, with a column for the earlier one where there is one. */
export function evaluationReport(evaluation: Evaluation, before: Evaluation | undefined): string {
  const earlier = new Map(before?.problems.map((problem) => [problem.id, problem]));
  const head = [
    vscode.l10n.t('problem'),
    ...(before ? [vscode.l10n.t('before')] : []),
    vscode.l10n.t('now'),
    vscode.l10n.t('tests passed'),
    '',
  ];
  const rows = evaluation.problems.map(({ id, mark, verdict, score }) => {
    const old = earlier.get(id);
    return [
      cell(id),
      ...(before ? [old?.verdict ?? old?.mark ?? ''] : []),
      verdict ?? mark,
      formatPercent(score),
      change(score, old?.score),
    ];
  });
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    `# ${cell(evaluation.benchmark)}`,
    '',
    ...(before ? [summary(vscode.l10n.t('Before'), before), ''] : []),
    summary(before ? vscode.l10n.t('Now') : vscode.l10n.t('Result'), evaluation),
    '',
    line(head),
    line(head.map(() => '---')),
    ...rows.map(line),
    '',
    vscode.l10n.t(
      'One greedy answer to each problem. Solved: every test passed. AC accepted, WA wrong answer, RE threw, CE does not compile, TLE time, MLE memory, OLE output too large, BAD no plain data, IE fault of the judge.',
    ),
  ].join('\n');
}

function summary(
  title: string,
  { solved, total, accuracy, interval, meanScore, model, adapter, seconds }: Evaluation,
): string {
  const figures = vscode.l10n.t(
    '{0} of {1} solved: {2}, 95 % interval {3} to {4}; mean score {5}',
    String(solved),
    String(total),
    formatPercent(accuracy),
    formatPercent(interval[0]),
    formatPercent(interval[1]),
    meanScore.toFixed(3),
  );
  const who = adapter === null ? model : `${model} + ${adapter}`;
  return `**${title}** ${figures} (\`${who.replaceAll('`', '')}\`, ${Math.round(seconds)} s)`;
}

function change(score: number, before: number | undefined): string {
  if (before === undefined || score === before) {
    return '';
  }
  return score > before ? '▲' : '▼';
}

/** Names come from files that anyone may have written. */
function cell(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>()#+!|~-]/g, '\\$&').replaceAll(/\s+/g, ' ');
}
