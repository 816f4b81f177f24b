import { listImports, questionsFile, removeImport } from '../../benchmarks/imported.ts';
import { importBenchmark, type ImportRequest } from '../../benchmarks/import/import.ts';
import { BoundaryError } from '../../base/errors.ts';
import { optional } from '../../base/optional.ts';
import type { ImportRecord } from '../../protocol/imports.ts';
import { findPyodide } from '../../sandbox/host/python.ts';
import { importText } from '../../view/import.ts';
import { formatPercent } from '../../view/format.ts';
import { english } from '../../view/translate.ts';
import { type Arguments, usage } from '../arguments.ts';
import { interruptible } from '../interrupt.ts';
import { bar, createProgressOutput, table } from '../terminal.ts';

/** `selfq import`: the questions of a file or folder as a benchmark; lists and removes what was imported. */
export async function importCommand(args: Arguments): Promise<number> {
  const [source] = args.positionals;
  const removed = args.text('remove');
  assertAlone(args);
  if (args.has('list')) {
    list(args.has('json'));
    return 0;
  }
  if (removed !== undefined) {
    const { questions, ...record } = removeImport(removed);
    process.stdout.write(
      args.has('json')
        ? `${JSON.stringify({ removed: record.name })}\n`
        : `Removed ${removed}: ${questions} questions.\n`,
    );
    return 0;
  }
  if (source === undefined) {
    throw usage('What is to be imported?', 'Give a file, a folder, or hub:ORG/NAME; --list shows what was imported.');
  }
  const record = await importFrom(source, args);
  const python = record.python > 0 ? missingPython() : undefined;
  if (args.has('json')) {
    process.stdout.write(
      `${JSON.stringify({ ...record, path: questionsFile(record), ...optional('missing', python) })}\n`,
    );
    return 0;
  }
  const notes = python === undefined ? [] : [`Python is missing. ${python}`];
  const next = `Evaluate on it: selfq eval --benchmark ${record.name}`;
  process.stdout.write(`${[...importText(english, record), ...notes, next].join('\n')}\n`);
  return 0;
}

/** Listing and removing take nothing else: what is named besides would be ignored. */
function assertAlone(args: Arguments): void {
  const [alone] = ['list', 'remove'].filter((name) => args.has(name) || args.text(name) !== undefined);
  const [source] = args.positionals;
  const besides = [
    ...(source === undefined ? [] : [source]),
    ...['name', 'format', 'limit', 'remove']
      .filter((name) => name !== alone && args.text(name) !== undefined)
      .map((name) => `--${name}`),
  ];
  if (alone !== undefined && besides.length > 0) {
    throw usage(`--${alone} imports nothing, and ${besides.join(' ')} was given.`, 'Give one or the other.');
  }
}

async function importFrom(source: string, args: Arguments): Promise<ImportRecord> {
  const output = createProgressOutput();
  const request: ImportRequest = {
    source,
    ...optional('name', args.text('name')),
    ...optional('format', args.text('format')),
    ...optional('limit', args.integer('limit', 1)),
    onProgress: ({ share, rows, questions }) =>
      output.status(`${bar(share)} ${formatPercent(share)} · ${questions} questions, ${rows} rows`),
  };
  try {
    return await interruptible((signal) => importBenchmark({ ...request, signal }));
  } finally {
    output.clear();
  }
}

function list(json: boolean): void {
  const imports = listImports();
  if (json) {
    const rows = imports.map((record) => ({ ...record, path: questionsFile(record) }));
    process.stdout.write(`${JSON.stringify(rows)}\n`);
    return;
  }
  if (imports.length === 0) {
    process.stdout.write('Nothing was imported yet: `selfq import FILE`.\n');
    return;
  }
  const rows = imports.map(({ name, domain, formats, questions, rows: all, time, source }) => [
    ...[name, domain, formats.join(', '), String(questions), String(all - questions)],
    ...[time.slice(0, 10), source],
  ]);
  const head = ['name', 'domain', 'format', 'questions', 'left out', 'imported', 'from'];
  process.stdout.write(`${table([head, ...rows])}\n`);
}

/** What to do where questions need Python and it is not there; undefined where it is. */
function missingPython(): string | undefined {
  try {
    findPyodide();
    return undefined;
  } catch (error) {
    if (error instanceof BoundaryError) {
      return error.remedy;
    }
    throw error;
  }
}
