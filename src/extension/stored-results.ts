import { dirname } from 'node:path';
import type { Evaluation } from '../protocol/records.ts';
import { evaluationPath, readEvaluationFile, runPaths } from '../run/folder.ts';
import type { NamedResult } from '../view/comparison-model.ts';
import { isUntrained } from '../view/evaluation.ts';
import type { EvaluationStore } from './evaluation-store.ts';
import type { RunEntry } from './run-store.ts';
import type { Services } from './services.ts';

/** A result with the file that it lies in, so that a page can be shown again after a restart. */
export interface StoredResult extends NamedResult {
  path: string;
}

/** An evaluation of a run as a result. */
export function resultOfRun({ dir, name }: Pick<RunEntry, 'dir' | 'name'>, evaluation: Evaluation): StoredResult {
  return { evaluation, name, path: `${evaluationPath(dir, evaluation)}.json` };
}

/** A result that was asked for from the editor: called by the run of its adapter, where that is known. */
export function resultOfFile({ store }: Services, path: string, evaluation: Evaluation): StoredResult {
  const run = store.runs.find(({ dir }) => evaluation.adapter?.startsWith(dir) === true);
  return { evaluation, path, ...(run === undefined ? {} : { name: run.name }) };
}

/** Every result that the editor knows, newest first: of all runs, and those that were asked for. */
export function allResults(services: Services, results: EvaluationStore): StoredResult[] {
  const ofRuns = services.store.runs.flatMap((entry) =>
    services.store.evaluations(entry.dir).map((evaluation) => resultOfRun(entry, evaluation)),
  );
  const asked = results.files().map(({ file, evaluation }) => resultOfFile(services, file, evaluation));
  return [...ofRuns, ...asked].sort((a, b) => b.evaluation.time.localeCompare(a.evaluation.time));
}

/** The result in a file of a known run or of the editor; undefined for any other file and for one that is gone. */
export function resultAt(services: Services, results: EvaluationStore, path: string): StoredResult | undefined {
  const run = services.store.runs.find(({ dir }) => runPaths(dir).evals === dirname(path));
  if (!run && !results.holds(path)) {
    return undefined;
  }
  try {
    const evaluation = readEvaluationFile(path);
    return run ? resultOfRun(run, evaluation) : resultOfFile(services, path, evaluation);
  } catch {
    return undefined;
  }
}

/** The latest result of the same model before training that was measured in the same way on the same problems. */
export function baseFor({ evaluation }: NamedResult, all: readonly StoredResult[]): StoredResult | undefined {
  const { benchmark, questionsHash, modelHash } = evaluation;
  return isUntrained(evaluation)
    ? undefined
    : all.find(
        ({ evaluation: other }) =>
          isUntrained(other) &&
          other.benchmark === benchmark &&
          other.questionsHash === questionsHash &&
          other.modelHash === modelHash &&
          wayOf(other) === wayOf(evaluation),
      );
}

/** How the answers of a result were made; equal texts are the same way. */
export function wayOf({ precision, samples, temperature, maxTokens }: Evaluation): string {
  return JSON.stringify([precision, samples, temperature, maxTokens]);
}
