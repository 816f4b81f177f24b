import { workspaceSettings } from '../domains/workspace/settings.ts';
import { splitByFile } from '../domains/workspace/held-out.ts';
import { type SeedReport, skippedFileReasons } from '../protocol/seed.ts';
import type { SeedProgress } from '../engine/seeds.ts';
import { visibleText } from '../view/visible-text.ts';
import { rejectedFunctionWord, skippedFileWord } from './seed-words.ts';
import { bar, oneLine, table } from './terminal.ts';

/** Widest cell of a table, characters. */
const widestCell = 120;

/** The line at the bottom while a folder is searched. */
export function seedProgressText({ stage, done, total, found }: SeedProgress): string {
  const progress = `${bar(total === 0 ? 0 : done / total)} ${done} of ${total}`;
  return stage === 'reading'
    ? `Reading files ${progress}, ${found} functions`
    : `Trying functions ${progress}, ${found} can be used`;
}

/** Counts of files and functions, and the seeds; with `all` also each function that is none. */
export function seedReportText(report: SeedReport, all: boolean): string {
  const { seeds, rejected } = report;
  const held = new Set(splitByFile(seeds, workspaceSettings.heldOutShare.default).heldOut);
  const used = seeds.map((seed) => [
    placeOf(seed),
    `${seed.name}(${seed.parameters.join(', ')})`,
    held.has(seed) ? 'held out' : '',
  ]);
  const others = rejected.map((row) => [placeOf(row), row.name, rejectedFunctionWord(row.reason), row.detail]);
  const lines = [
    ...summaryOf(report, held.size),
    ...(used.length === 0 ? [] : ['', tableOf(['place', 'function', ''], used)]),
    ...(all && others.length > 0 ? ['', tableOf(['place', 'function', 'why not', ''], others)] : []),
  ];
  return `${visibleText(lines.join('\n'))}\n`;
}

function summaryOf({ folder, files, seeds, rejected, seconds }: SeedReport, held: number): string[] {
  const left = skippedFileReasons.map((reason) => [reason, files.skipped[reason] ?? 0] as const);
  const skipped = countsText(left, skippedFileWord);
  const reasons = [...Map.groupBy(rejected, ({ reason }) => reason)];
  const unused = countsText(
    reasons.map(([reason, rows]) => [reason, rows.length]),
    rejectedFunctionWord,
  );
  const listed = files.byGit
    ? 'what git ignores is not among them'
    : 'no git repository: installed and hidden folders are not searched';
  return [
    `${folder}: ${files.read} of ${files.listed} files read (${listed}) in ${seconds.toFixed(1)} s.`,
    ...(skipped === '' ? [] : [`Not read: ${skipped}.`]),
    `${seeds.length} of ${seeds.length + rejected.length} functions can be used; ${held} of them lie in files that are held out.`,
    ...(unused === '' ? [] : [`Not used: ${unused}.`]),
  ];
}

function placeOf({ file, line }: { file: string; line: number }): string {
  return `${file}:${line}`;
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return table([head, ...rows.map((row) => row.map((cell) => oneLine(cell, widestCell)))]);
}

function countsText<Reason>(counts: readonly (readonly [Reason, number])[], word: (reason: Reason) => string): string {
  return counts
    .filter(([, count]) => count > 0)
    .toSorted(([, a], [, b]) => b - a)
    .map(([reason, count]) => `${count} ${word(reason)}`)
    .join(', ');
}
