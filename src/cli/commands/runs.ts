import { rmSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { BoundaryError } from '../../base/errors.ts';
import { queuePlaces } from '../../engine/queue.ts';
import { nearestName } from '../../base/nearest-name.ts';
import { shellWord } from '../../base/shell.ts';
import { sum } from '../../base/statistics.ts';
import type { Evaluation, RunRecord } from '../../protocol/records.ts';
import { isLive, type QueuePlace } from '../../protocol/run-state.ts';
import { spareCheckpoints } from '../../run/checkpoint.ts';
import { diskUse } from '../../run/disk-use.ts';
import { readEvaluations, readRun } from '../../run/folder.ts';
import { listRuns } from '../../run/list.ts';
import { parseTags, readNotes, writeNotes } from '../../run/notes.ts';
import { shownState } from '../../run/ownership.ts';
import { formatBytes } from '../../view/format.ts';
import { type RunColumn, runColumns, type RunRow } from '../../view/run-rows.ts';
import { runCell, runColumnWord, runRow, sortedRuns, usualOrder } from '../../view/run-table.ts';
import { runName } from '../../view/default-name.ts';
import { english } from '../../view/translate.ts';
import { visibleText } from '../../view/visible-text.ts';
import { type Arguments, usage } from '../arguments.ts';
import { oneLine, table } from '../terminal.ts';

/** Dates are written as on ISO's pages, whatever the language of the machine. */
const language = 'sv';
/** Longest cell of a table, characters; `--json` has all. */
const cellWidth = 40;

const actions: Readonly<Record<string, (args: Arguments) => Promise<number> | number>> = {
  name: (args) => annotate(args, (text) => ({ name: text === '' ? undefined : text })),
  tag: (args) => annotate(args, (text) => ({ tags: parseTags(text) })),
  note: (args) => annotate(args, (text) => ({ note: text })),
  remove,
  clean,
};

/** `selfq runs`: the table of runs, or a change of one of them. */
export async function runs(args: Arguments): Promise<number> {
  const [first] = args.positionals;
  const action = first === undefined || !Object.hasOwn(actions, first) ? undefined : actions[first];
  if (action) {
    return action(args);
  }
  if (args.positionals.length > 1) {
    throw usage(`There is no action "${first ?? ''}".`, `Give one of ${Object.keys(actions).join(', ')}, or a folder.`);
  }
  return list(resolve(first ?? 'runs'), args);
}

async function list(folder: string, args: Arguments): Promise<number> {
  const usual = usualOrder(columnOf(args.text('sort') ?? 'date'));
  const order = { ...usual, descending: usual.descending !== args.has('reverse') };
  const listed = listRuns(folder);
  const places = queuePlaces();
  const rows = await Promise.all(
    listed.flatMap((entry) => ('run' in entry ? [rowOf(entry.dir, entry.run, places.get(entry.dir))] : [])),
  );
  const sorted = sortedRuns(rows, order);
  if (args.has('json')) {
    process.stdout.write(`${JSON.stringify(sorted)}\n`);
    return 0;
  }
  if (listed.length === 0) {
    process.stdout.write(`There are no runs in ${folder}. Begin one with \`selfq run\`.\n`);
    return 0;
  }
  const broken = listed.flatMap((entry) => ('run' in entry ? [] : [`${basename(entry.dir)}: ${entry.problem}`]));
  const total = `${sorted.length} ${sorted.length === 1 ? 'run' : 'runs'}, ${formatBytes(sum(sorted.map(({ bytes }) => bytes)))}`;
  process.stdout.write(visibleText(`${[runsTable(sorted), '', total, ...broken].join('\n')}\n`));
  return 0;
}

/** The columns in which a run has something to say, and the folder that other commands want. */
function runsTable(rows: readonly RunRow[]): string {
  const cell = (row: RunRow, column: RunColumn): string =>
    oneLine(runCell(english, row, column, language), column === 'held-out' ? Infinity : cellWidth);
  const shown = runColumns.filter((column) => rows.some((row) => cell(row, column) !== ''));
  return table([
    ['folder', ...shown.map((column) => runColumnWord(english, column))],
    ...rows.map((row) => [basename(row.dir), ...shown.map((column) => cell(row, column))]),
  ]);
}

function columnOf(name: string): RunColumn {
  const column = runColumns.find((known) => known === name);
  if (!column) {
    const nearest = nearestName(name, runColumns);
    const remedy = nearest === undefined ? `Give one of ${runColumns.join(', ')}.` : `Did you mean ${nearest}?`;
    throw usage(`There is no column "${name}".`, remedy);
  }
  return column;
}

async function rowOf(dir: string, run: RunRecord, queued: QueuePlace | undefined): Promise<RunRow> {
  const { name, tags, note } = readNotes(dir);
  return runRow(english, {
    ...{ dir, run, tags, note, queued, state: shownState(run) },
    name: name ?? runName(english, run, language),
    evaluations: evaluationsOf(dir),
    bytes: await diskUse(dir),
  });
}

/** None where a file is damaged: `selfq status DIR` says which. */
function evaluationsOf(dir: string): Evaluation[] {
  try {
    return readEvaluations(dir);
  } catch {
    return [];
  }
}

function annotate(args: Arguments, change: (text: string) => Parameters<typeof writeNotes>[1]): number {
  const [action, , text] = args.positionals;
  const { dir } = runOf(args);
  if (text === undefined) {
    throw usage(`What should its ${action ?? 'note'} be?`, `Give it behind the folder; "" removes it.`);
  }
  writeNotes(dir, change(text.trim()));
  return 0;
}

/** `selfq runs remove DIR`. */
async function remove(args: Arguments): Promise<number> {
  const { dir } = endedRun(args);
  const size = formatBytes(await diskUse(dir));
  await confirm(args, `Remove ${dir} with all its records and checkpoints, ${size}?`);
  rmSync(dir, { recursive: true });
  process.stderr.write(`Removed ${dir}: ${size} are free again.\n`);
  return 0;
}

/** `selfq runs clean DIR`. */
async function clean(args: Arguments): Promise<number> {
  const { dir, run } = endedRun(args);
  const spare = spareCheckpoints(dir, run.best?.step);
  if (spare.length === 0) {
    process.stderr.write(`${dir} has no checkpoints but the best and the last.\n`);
    return 0;
  }
  const size = formatBytes(sum(await Promise.all(spare.map((checkpoint) => diskUse(checkpoint.dir)))));
  const steps = spare.map(({ step }) => step).join(', ');
  await confirm(args, `Remove the checkpoints of steps ${steps} from ${dir}, ${size}? The best and the last stay.`);
  spare.forEach((checkpoint) => rmSync(checkpoint.dir, { recursive: true }));
  process.stderr.write(`Removed ${spare.length} checkpoints: ${size} are free again.\n`);
  return 0;
}

function runOf(args: Arguments): { dir: string; run: RunRecord } {
  const [action, given] = args.positionals;
  if (given === undefined) {
    throw usage(`Which run is this ${action ?? ''} for?`, 'Give its folder; `selfq runs` lists the runs.');
  }
  const dir = resolve(given);
  return { dir, run: readRun(dir) };
}

function endedRun(args: Arguments): { dir: string; run: RunRecord } {
  const found = runOf(args);
  if (isLive(shownState(found.run))) {
    throw new BoundaryError(
      'run',
      `${found.dir} is still running.`,
      `Stop it: \`selfq stop ${shellWord(found.dir)}\`.`,
    );
  }
  return found;
}

/** Asks on a terminal. Throws BoundaryError('usage') where nobody can be asked and --yes was not given. */
async function confirm(args: Arguments, question: string): Promise<void> {
  if (args.has('yes')) {
    return;
  }
  if (!process.stdin.isTTY) {
    throw usage(question, 'Add --yes to do it.');
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    if (!/^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim())) {
      throw new BoundaryError('interrupted', 'Nothing was removed.', '');
    }
  } finally {
    terminal.close();
  }
}
