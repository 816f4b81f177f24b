import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { makeFolderSync } from '../../base/make-folder.ts';
import { optional } from '../../base/optional.ts';
import { cacheDir } from '../../base/cache-dir.ts';
import type { FolderType } from '../../model/formats/folder-files.ts';
import { assertExpected, assertReady, type ChosenModel, chooseModel } from '../../model/installed.ts';
import { writeGgufAdapter } from '../../model/formats/gguf-adapter.ts';
import { writeMerged } from '../../model/formats/merged.ts';
import { openModel } from '../../model/open.ts';
import type { RunRecord } from '../../protocol/records.ts';
import { findCheckpoint } from '../../run/checkpoint.ts';
import { exportHarbor } from '../../run/export/harbor.ts';
import { exportPool } from '../../run/export/pool.ts';
import { exportTensorboard } from '../../run/export/export-tensorboard.ts';
import {
  assertAdapter,
  dataCard,
  exportAdapter,
  exportDataset,
  exportPreferences,
  exportReadme,
  ollamaModelfile,
} from '../../run/export/export.ts';
import { explainFileError, writeFileAtomic } from '../../base/files.ts';
import { readEvaluations, readMetrics, readRun, readStep, recordedSteps } from '../../run/folder.ts';
import { shownState } from '../../run/ownership.ts';
import { readCheckpoint } from '../../runtime/training/checkpoint.ts';
import { readTrained } from '../../runtime/training/full-checkpoint.ts';
import { isFull, withWeights } from '../../runtime/decoder/trained.ts';
import { nearestName } from '../../base/nearest-name.ts';
import { learnedText } from '../../view/comparison.ts';
import { feedOf, runView } from '../../view/dashboard-model.ts';
import type { FeedEntry } from '../../view/messages.ts';
import { reportPage } from '../../view/report.ts';
import { domainOfRun } from '../../view/run-name.ts';
import { english } from '../../view/translate.ts';
import { describeSubject } from '../run-view.ts';
import { type Arguments, usage } from '../arguments.ts';
import { interruptible } from '../interrupt.ts';
import { bar, createProgressOutput } from '../terminal.ts';
import { runFolderOf } from './steer.ts';

/** What an export tells about itself, and the sentence for a person. */
interface Exported {
  figures: Readonly<Record<string, number>>;
  what: string;
}

interface ExportRequest {
  dir: string;
  out: string;
  step: number | undefined;
  type: FolderType;
}

interface Format {
  /** In the run's folder, without `--out`. */
  defaultName: string;
  /** Options that have a meaning for it. */
  options: readonly ('step' | 'precision')[];
  write(request: ExportRequest): Exported | Promise<Exported>;
}

const formats: ReadonlyMap<string, Format> = new Map<string, Format>([
  ['peft', { defaultName: 'peft', options: ['step'], write: exportPeft }],
  ['gguf-lora', { defaultName: 'gguf-lora', options: ['step'], write: exportGgufLora }],
  ['merged', { defaultName: 'merged', options: ['step', 'precision'], write: exportMerged }],
  ['dataset', { defaultName: 'dataset.jsonl', options: [], write: exportQuestions }],
  ['pool', { defaultName: 'pool.jsonl', options: [], write: exportTeaching }],
  ['harbor', { defaultName: 'harbor', options: [], write: exportTasks }],
  ['report', { defaultName: 'report.html', options: [], write: exportReport }],
  ['tensorboard', { defaultName: 'tensorboard', options: [], write: exportCurves }],
]);

const folderTypes: ReadonlyMap<string, FolderType> = new Map([
  ['bf16', 'bfloat16'],
  ['fp32', 'float32'],
]);

/** `selfq export`: the adapter as PEFT or llama.cpp loads it, the merged model, the problems and answers, or the curves. */
export async function exportCommand(args: Arguments): Promise<number> {
  const dir = runFolderOf(args);
  const name = args.text('format');
  const format = formats.get(name ?? '');
  if (name === undefined || !format) {
    throw unknownFormat(name);
  }
  const useless = (['step', 'precision'] as const).find(
    (option) => args.text(option) !== undefined && !format.options.includes(option),
  );
  if (useless !== undefined) {
    const those = [...formats].flatMap(([other, { options }]) => (options.includes(useless) ? [other] : []));
    throw usage(`The format ${name} has no --${useless}.`, `Leave it out; it is for ${those.join(', ')}.`);
  }
  readRun(dir);
  const out = resolve(args.text('out') ?? join(dir, 'export', format.defaultName));
  try {
    makeFolderSync(dirname(out));
  } catch (error) {
    throw explainFileError(error, out);
  }
  const request = { dir, out, step: args.integer('step', 0), type: typeOf(args.text('precision') ?? 'bf16') };
  const { figures, what } = await format.write(request);
  const line = args.has('json') ? JSON.stringify({ format: name, out, ...figures }) : `${what}: ${out}`;
  process.stdout.write(`${line}\n`);
  return 0;
}

function exportPeft({ dir, out, step }: ExportRequest): Exported {
  const exported = exportAdapter(dir, out, step);
  return { figures: { step: exported }, what: `The adapter of step ${exported}` };
}

function exportQuestions({ dir, out }: ExportRequest): Exported {
  const questions = exportDataset(dir, out);
  const preferences = exportPreferences(dir, out.replace(/(?:\.jsonl)?$/, '-preferences.jsonl'));
  const beside = preferences === 0 ? '' : `, and ${preferences} preferences beside them`;
  writeFileAtomic(out.replace(/(?:\.jsonl)?$/, '-card.md'), dataCard(dir, { questions, preferences }));
  return { figures: { questions, preferences }, what: `${questions} questions${beside}` };
}

function exportTeaching({ dir, out }: ExportRequest): Exported {
  const figures = exportPool(dir, out);
  return { figures, what: `${figures.questions} of ${figures.asked} problems, for --set pool=FILE` };
}

function exportTasks({ dir, out }: ExportRequest): Exported {
  const tasks = exportHarbor(dir, out);
  return { figures: { tasks }, what: `${tasks} tasks for Harbor` };
}

function exportCurves({ dir, out }: ExportRequest): Exported {
  const points = exportTensorboard(dir, out);
  return { figures: { points }, what: `${points} points for \`tensorboard --logdir\`` };
}

/** Questions that a report shows, of the latest steps. */
const reportedQuestions = 24;

function exportReport({ dir, out }: ExportRequest): Exported {
  const run = readRun(dir);
  const evaluations = readEvaluations(dir);
  const feed: FeedEntry[] = [];
  for (const step of recordedSteps(dir).reverse()) {
    if (feed.length < reportedQuestions) {
      feed.push(...feedOf(step, readStep(dir, step, ['proposal', 'question', 'answer'])));
    }
  }
  const page = reportPage({
    run: runView({ dir, name: run.id, state: shownState(run), run, metrics: readMetrics(dir), evaluations }),
    subject: describeSubject(domainOfRun(run.config), String(run.config['topic'] ?? '')),
    ...optional('outcome', learnedText(english, evaluations, run.best)),
    feed: feed.slice(0, reportedQuestions),
    made: new Date().toISOString().slice(0, 10),
  });
  try {
    writeFileAtomic(out, page);
  } catch (error) {
    throw explainFileError(error, out);
  }
  return { figures: { steps: run.step, bytes: Buffer.byteLength(page) }, what: 'The report' };
}

async function exportGgufLora({ dir, out, step }: ExportRequest): Promise<Exported> {
  const run = readRun(dir);
  assertAdapter(run);
  const checkpoint = findCheckpoint(dir, step);
  const base = baseOf(run);
  await assertReady(base);
  const model = await openModel(base.path, { cacheDir: cacheDir() });
  try {
    assertExpected(base, model.hash, run.model.hash);
    const { adapter } = await readCheckpoint(checkpoint.dir, model.config);
    try {
      makeFolderSync(out);
    } catch (error) {
      throw explainFileError(error, out);
    }
    const bytes = writeGgufAdapter(join(out, 'adapter.gguf'), model.config, adapter);
    writeFileAtomic(join(out, 'Modelfile'), ollamaModelfile(run, base.path));
    writeFileAtomic(join(out, 'README.md'), exportReadme(dir, checkpoint.step, 'gguf-lora'));
    return { figures: { step: checkpoint.step, bytes }, what: `The adapter of step ${checkpoint.step} for llama.cpp` };
  } finally {
    await model.close();
  }
}

async function exportMerged({ dir, out, step, type }: ExportRequest): Promise<Exported> {
  const run = readRun(dir);
  const checkpoint = findCheckpoint(dir, step);
  const output = createProgressOutput();
  const base = baseOf(run);
  await assertReady(base);
  const model = await openModel(base.path, { cacheDir: cacheDir() });
  try {
    assertExpected(base, model.hash, run.model.hash);
    const trained = await readTrained(checkpoint.dir, model.config);
    const [merged, adapter] = isFull(trained) ? [withWeights(model, trained, model.hash)] : [model, trained];
    const files = new Map([['README.md', exportReadme(dir, checkpoint.step, 'merged')]]);
    const onProgress = (done: number, total: number, what: string): void =>
      output.status(`${bar(done / total)} ${what}`);
    const bytes = await interruptible((signal) =>
      writeMerged(merged, adapter, out, { type, files, onProgress, signal }),
    );
    return { figures: { step: checkpoint.step, bytes }, what: `The model of step ${checkpoint.step}` };
  } finally {
    output.clear();
    await model.close();
  }
}

/** The model that the run was begun with: where it was then, else where its name means now. */
function baseOf({ model }: RunRecord): ChosenModel {
  const named = chooseModel(model.id, cacheDir());
  return existsSync(model.path) ? { ...named, path: model.path } : named;
}

function typeOf(precision: string): FolderType {
  const type = folderTypes.get(precision);
  if (!type) {
    throw usage(`--precision cannot be "${precision}".`, `Choose one of ${[...folderTypes.keys()].join(', ')}.`);
  }
  return type;
}

function unknownFormat(name: string | undefined): Error {
  const known = [...formats.keys()];
  if (name === undefined) {
    return usage('Which format?', `Give --format ${known.join(' or --format ')}.`);
  }
  const nearest = nearestName(name, known);
  const remedy = nearest ? `Did you mean ${nearest}?` : `Choose one of ${known.join(', ')}.`;
  return usage(`There is no format "${name}".`, remedy);
}
