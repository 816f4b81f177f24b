import { closeSync, constants, existsSync, fstatSync, openSync, readdirSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { makeFolderSync } from '../base/make-folder.ts';
import { BoundaryError } from '../base/errors.ts';
import { Evaluation, RunRecord, runFolderVersion, StepLine, StepMetrics, tokenTypes } from '../protocol/records.ts';
import { currentEvaluation, currentMetrics, currentRun, currentStepLines } from './older.ts';
import {
  appendLine,
  explainFileError,
  largestFile,
  readIfPresent,
  readJson,
  readJsonLines,
  writeFileAtomic,
} from '../base/files.ts';
import { assertKind, noFollow, openUntrusted } from '../base/untrusted-file.ts';

/** Where everything of a run lies. */
export const runPaths = (dir: string) => ({
  run: join(dir, 'run.json'),
  lock: join(dir, 'engine.lock'),
  log: join(dir, 'engine.log'),
  metrics: join(dir, 'metrics.jsonl'),
  steps: join(dir, 'steps'),
  evals: join(dir, 'evals'),
  seeds: join(dir, 'seeds.json'),
  heldOut: join(dir, 'held-out.jsonl'),
  checkpoints: join(dir, 'checkpoints'),
  preferences: join(dir, 'preferences.jsonl'),
  notes: join(dir, 'notes.json'),
});

/** Whether a run lies in a folder, readable or not. */
export function holdsRun(dir: string): boolean {
  return existsSync(runPaths(dir).run);
}

/** Records as they lie on disk: those of older versions are brought up to date. */
const storedLines = z.preprocess(currentStepLines, z.array(StepLine));
const storedRun = z.preprocess(currentRun, RunRecord);
const storedMetrics = z.preprocess(currentMetrics, StepMetrics);
const storedEvaluation = z.preprocess(currentEvaluation, Evaluation);

/** Steps are written with six digits, so that names sort like numbers. */
export const stepName = (step: number): string => String(step).padStart(6, '0');

/**
 * Throws BoundaryError('run') where a part of the folder is a link or of another kind than this program makes: a run that
 * was copied or cloned from elsewhere must not lead out of its folder, to read there, to write or to remove.
 */
export function assertOwnParts(dir: string): void {
  const { steps, evals, checkpoints, run, lock, log, metrics, preferences, notes, seeds, heldOut } = runPaths(dir);
  [steps, evals, checkpoints].forEach((path) => assertKind(path, 'folder'));
  [lock, log].forEach((path) => assertKind(path, 'file'));
  [run, notes].forEach((path) => assertKind(path, 'file', largestFile.record));
  assertKind(metrics, 'file', largestFile.metrics);
  assertKind(preferences, 'file', largestFile.lines);
  [seeds, heldOut].forEach((path) => assertKind(path, 'file', largestFile.metrics));
}

/** Makes the folders of a run. Throws BoundaryError as {@link assertOwnParts}, and where they cannot be made. */
export function makeRunFolders(dir: string): void {
  const { steps, evals, checkpoints } = runPaths(dir);
  try {
    makeFolderSync(dir);
    assertOwnParts(dir);
    [steps, evals, checkpoints].forEach((folder) => makeFolderSync(folder));
  } catch (error) {
    throw explainFileError(error, dir);
  }
}

/** Descriptor of engine.log for appending; the caller closes it. Throws as {@link makeRunFolders}. */
export function openLog(dir: string): number {
  const { log } = runPaths(dir);
  try {
    makeFolderSync(dir);
    assertOwnParts(dir);
    return openSync(log, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | noFollow);
  } catch (error) {
    throw explainFileError(error, dir);
  }
}

/** Bytes of engine.log that are read. */
const logEndBytes = 64 * 1024;

/** The last part of engine.log; empty where there is none. */
export function readLogEnd(dir: string): string {
  const { log } = runPaths(dir);
  if (!existsSync(log)) {
    return '';
  }
  const descriptor = openUntrusted(log, Infinity);
  try {
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(Math.min(size, logEndBytes));
    return bytes.toString('utf8', 0, readSync(descriptor, bytes, 0, bytes.length, size - bytes.length));
  } finally {
    closeSync(descriptor);
  }
}

/**
 * run.json. Throws BoundaryError('run') when the folder holds no run, when the file is damaged, when a newer version of
 * this program made it, and as {@link assertOwnParts}.
 */
export function readRun(dir: string): RunRecord {
  const { run } = runPaths(dir);
  assertOwnParts(dir);
  const text = readIfPresent(run, largestFile.record);
  if (text === undefined) {
    throw new BoundaryError('run', `${dir} is not the folder of a run.`, '`selfq status` lists the runs.');
  }
  refuseNewer(dir, text);
  return readJson(run, storedRun, largestFile.record);
}

/** Readable by its owner alone: the token in it lets a process steer the run. */
export function writeRun(dir: string, run: RunRecord): void {
  writeFileAtomic(runPaths(dir).run, `${JSON.stringify(run, null, 2)}\n`, { mode: 0o600 });
}

/** The metrics of all recorded steps, ascending; a torn last line is ignored. */
export function readMetrics(dir: string): StepMetrics[] {
  return readJsonLines(runPaths(dir).metrics, storedMetrics);
}

/** Adds the metrics of a step; on disk when it returns. */
export function appendMetrics(dir: string, metrics: StepMetrics): void {
  appendLine(runPaths(dir).metrics, JSON.stringify(metrics));
}

/**
 * The lines of a step; of some types alone where they are named. The others are skipped: without `tokens` and `update`,
 * a small part of the file is read at all.
 */
export function readStep(dir: string, step: number): StepLine[];
export function readStep<Type extends StepLine['type']>(
  dir: string,
  step: number,
  types: readonly Type[],
): Extract<StepLine, { type: Type }>[];
export function readStep(dir: string, step: number, types?: readonly StepLine['type'][]): StepLine[] {
  const path = stepPath(dir, step);
  if (!types) {
    return readJsonLines(path, storedLines).flat();
  }
  // The type is the first key of every line that this program writes.
  const begin = (type: StepLine['type']): string => `{"type":"${type}"`;
  // In files of older versions proposals and answers hold their tokens.
  const wanted = types.includes('tokens') ? [...types, 'proposal' as const, 'answer' as const] : types;
  const end = types.some((type) => tokenTypes.includes(type)) ? [] : tokenTypes;
  const lines = readJsonLines(path, storedLines, { wanted: wanted.map(begin), end: end.map(begin) }).flat();
  return lines.filter(({ type }) => types.includes(type));
}

/** Writes the lines of a step in their order, those of {@link tokenTypes} last. */
export function writeStep(dir: string, step: number, lines: readonly StepLine[]): void {
  const isText = ({ type }: StepLine): boolean => !tokenTypes.includes(type);
  const ordered = [...lines.filter(isText), ...lines.filter((line) => !isText(line))];
  writeFileAtomic(stepPath(dir, step), ordered.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

/** Numbers of the recorded steps, ascending. */
export function recordedSteps(dir: string): number[] {
  return numberedNames(runPaths(dir).steps, /^(\d{6,})\.jsonl$/).map(({ step }) => step);
}

/** All evaluations, ascending by step; one for each step, benchmark and part of it. */
export function readEvaluations(dir: string): Evaluation[] {
  return evaluationFiles(dir).map(({ path }) => readEvaluationFile(path));
}

/** One evaluation, of a run or of `selfq eval --out`. Throws BoundaryError('run') where the file is missing or damaged. */
export function readEvaluationFile(path: string): Evaluation {
  return readJson(path, storedEvaluation, largestFile.evaluation);
}

/** Writes an evaluation, in place of an earlier one of the same step, benchmark and part of it. */
export function writeEvaluation(dir: string, evaluation: Evaluation): void {
  writeFileAtomic(`${evaluationPath(dir, evaluation)}.json`, `${JSON.stringify(evaluation, null, 2)}\n`);
}

/** Where an evaluation of a run lies, without the end of the name. */
export function evaluationPath(
  dir: string,
  { step, benchmark, split }: Pick<Evaluation, 'step' | 'benchmark' | 'split'>,
): string {
  const part = split === undefined ? '' : `-${split}`;
  return join(runPaths(dir).evals, `${stepName(step)}-${fileSafe(benchmark)}${part}`);
}

/**
 * Drops what was recorded after `step`, whose checkpoint a resumed run starts from: what follows is computed again
 * and comes out equal.
 */
export function truncateToStep(dir: string, step: number): void {
  const { metrics, steps } = runPaths(dir);
  const kept = readMetrics(dir).filter((line) => line.step <= step);
  if (existsSync(metrics)) {
    writeFileAtomic(metrics, kept.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }
  for (const beyond of recordedSteps(dir).filter((recorded) => recorded > step)) {
    rmSync(stepPath(dir, beyond));
  }
  const evaluations = [...evaluationFiles(dir), ...numberedNames(runPaths(dir).evals, /^(\d{6,})-.*\.journal$/)];
  for (const evaluation of evaluations.filter((file) => file.step > step)) {
    rmSync(evaluation.path);
  }
  [dir, steps, runPaths(dir).evals, runPaths(dir).checkpoints].forEach(removeTemporaries);
}

function evaluationFiles(dir: string): { step: number; path: string }[] {
  return numberedNames(runPaths(dir).evals, /^(\d{6,})-.*\.json$/);
}

/** Entries of a folder whose names begin with a step number, ascending; none where there is no folder. */
export function numberedNames(folder: string, pattern: RegExp): { step: number; path: string }[] {
  return listFolder(folder)
    .flatMap((name) => {
      const digits = pattern.exec(name)?.[1];
      return digits === undefined ? [] : [{ step: Number(digits), path: join(folder, name) }];
    })
    .sort((a, b) => a.step - b.step);
}

function stepPath(dir: string, step: number): string {
  return join(runPaths(dir).steps, `${stepName(step)}.jsonl`);
}

/** Halves of atomic writes that a killed engine left behind; those of the lock may be another claimant's. */
function removeTemporaries(folder: string): void {
  const isHalf = (name: string): boolean => name.endsWith('.tmp') && !name.startsWith('engine.lock');
  for (const name of listFolder(folder).filter(isHalf)) {
    rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** Names in a folder of a run, which is no link. */
function listFolder(folder: string): string[] {
  assertKind(folder, 'folder');
  return existsSync(folder) ? readdirSync(folder) : [];
}

function fileSafe(name: string): string {
  return name.replaceAll(/[^\w.-]+/g, '_').slice(-80);
}

function refuseNewer(dir: string, text: string): void {
  const version = /"version":\s*(\d+)/.exec(text)?.[1];
  const parsed = z.coerce.number().int().safeParse(version);
  if (parsed.success && parsed.data > runFolderVersion) {
    throw new BoundaryError(
      'run',
      `${dir} was made by a newer version: its layout is version ${parsed.data}, this program knows up to ${runFolderVersion}.`,
      'Update Self-Questioning, or begin a new run with `selfq run`.',
    );
  }
}
