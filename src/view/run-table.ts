import type { Evaluation, RunRecord } from '../protocol/records.ts';
import { changeText, compareEvaluations } from './comparison.ts';
import { benchmarkTitle } from './evaluation.ts';
import { decisive, outcomeOf } from './evaluations.ts';
import { formatBytes, formatPercent, formatPoints } from './format.ts';
import { type ProgressFacts, shownProgress, stateText, stepCount } from './progress.ts';
import { domainOfRun, modelWord } from './run-name.ts';
import type { RunColumn, RunRow } from './run-rows.ts';
import type { Translate } from './translate.ts';
import { labelText } from './visible-text.ts';
import { domainWord } from './words.ts';

/** How the table is sorted. */
export interface RunOrder {
  column: RunColumn;
  descending: boolean;
}

/** Figures and dates begin with the largest, words with the first of the alphabet. */
export function usualOrder(column: RunColumn): RunOrder {
  return { column, descending: ['date', 'steps', 'held-out', 'disk'].includes(column) };
}

/** What a row is made of. */
export interface RunFacts extends ProgressFacts {
  dir: string;
  name: string;
  run: RunRecord;
  evaluations: readonly Evaluation[];
  bytes: number;
  tags: readonly string[];
  note: string;
}

/** A run as a row of the table. */
export function runRow(t: Translate, facts: RunFacts): RunRow {
  const { dir, name, run, evaluations, bytes, tags, note } = facts;
  const heldOut = heldOutOf(evaluations, run.best);
  return {
    ...{ dir, name, bytes, date: run.createdAt, ...shownProgress(facts) },
    domain: labelText(domainWord(t, domainOfRun(run.config, run.id))),
    topic: labelText(String(run.config['topic'] ?? '')),
    model: labelText(modelWord(run.model.id)),
    tags: tags.map(labelText),
    note: labelText(note),
    ...(heldOut ? { heldOut } : {}),
  };
}

function heldOutOf(evaluations: readonly Evaluation[], best: RunRecord['best']): RunRow['heldOut'] {
  const outcome = outcomeOf(evaluations, best);
  if (!outcome) {
    const [only] = decisive(evaluations);
    return only && { benchmark: labelText(benchmarkTitle(only)), before: only.accuracy };
  }
  const { before, after } = outcome;
  const change = compareEvaluations(before, after);
  return {
    benchmark: labelText(benchmarkTitle(before)),
    ...{ before: before.accuracy, after: after.accuracy },
    ...(change ? { change } : {}),
  };
}

/** The rows in order; equal ones by their date, the newest first. */
export function sortedRuns(rows: readonly RunRow[], { column, descending }: RunOrder): RunRow[] {
  const direction = descending ? -1 : 1;
  return [...rows].sort(
    (a, b) => direction * compareKeys(sortKey(a, column), sortKey(b, column)) || b.date.localeCompare(a.date),
  );
}

/** The rows in which some words occur, in any case. */
export function matchingRuns(rows: readonly RunRow[], words: string): RunRow[] {
  const wanted = words.trim().toLowerCase();
  return rows.filter((row) =>
    [row.name, row.domain, row.topic, row.model, row.note, ...row.tags].some((text) =>
      text.toLowerCase().includes(wanted),
    ),
  );
}

function sortKey(row: RunRow, column: RunColumn): string | number {
  switch (column) {
    case 'steps':
      return row.step;
    case 'held-out':
      return row.heldOut?.after === undefined ? -Infinity : row.heldOut.after - row.heldOut.before;
    case 'disk':
      return row.bytes;
    case 'tags':
      return row.tags.join(', ');
    default:
      return row[column];
  }
}

function compareKeys(a: string | number, b: string | number): number {
  return typeof a === 'number' && typeof b === 'number'
    ? Number(a > b) - Number(a < b)
    : String(a).localeCompare(String(b), undefined, { numeric: true });
}

/** The head of a column. */
export function runColumnWord(t: Translate, column: RunColumn): string {
  const words: Record<RunColumn, string> = {
    name: t('run'),
    domain: t('field'),
    topic: t('topic'),
    model: t('model'),
    date: t('begun'),
    state: t('state'),
    steps: t('step'),
    'held-out': t('held-out problems'),
    disk: t('disk'),
    tags: t('tags'),
    note: t('note'),
  };
  return words[column];
}

/** A cell as a person reads it; dates in the reader's language. */
export function runCell(t: Translate, row: RunRow, column: RunColumn, language: string): string {
  switch (column) {
    case 'date': {
      const date = new Date(row.date);
      return Number.isNaN(date.getTime())
        ? row.date
        : date.toLocaleString(language, { dateStyle: 'short', timeStyle: 'short', hourCycle: 'h23' });
    }
    case 'state':
      return stateText(t, row);
    case 'steps':
      return stepCount(row);
    case 'held-out':
      return heldOutText(row);
    case 'disk':
      return formatBytes(row.bytes);
    case 'tags':
      return row.tags.join(', ');
    default:
      return row[column];
  }
}

/** `50 % → 73 % (+16.9 … +26.3)`: before, after, and the 95 % interval of the difference in points. */
function heldOutText({ heldOut }: RunRow): string {
  if (heldOut?.after === undefined) {
    return heldOut ? formatPercent(heldOut.before) : '';
  }
  const interval = heldOut.change?.interval.map((value) => formatPoints(value, 1)).join(' … ');
  const shares = `${formatPercent(heldOut.before)} → ${formatPercent(heldOut.after)}`;
  return interval === undefined ? shares : `${shares} (${interval})`;
}

/** What the cell of the held-out problems means, as a sentence; empty where there is nothing to compare. */
export function heldOutSentence(t: Translate, { heldOut }: RunRow): string {
  return heldOut?.change ? `${heldOut.benchmark}: ${changeText(t, heldOut.change)}` : '';
}
