import { dirname, join, sep } from 'node:path';
import type { Evaluation } from '../protocol/records.ts';
import { evaluationPath, readEvaluationFile, runPaths } from '../run/folder.ts';
import { mean } from '../base/statistics.ts';
import type { NamedResult } from '../view/comparison-model.ts';
import { benchmarkTitle, isUntrained } from '../view/evaluation.ts';
import { modelWord } from '../view/run-name.ts';
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

/** The runs that the editor knows. */
interface KnownRuns {
  store: { runs: readonly Pick<RunEntry, 'dir' | 'name'>[] };
}

/** A result that was asked for from the editor: called by the run of its adapter, where that is known. */
export function resultOfFile({ store }: KnownRuns, path: string, evaluation: Evaluation): StoredResult {
  const run = store.runs.find(({ dir }) => evaluation.adapter?.startsWith(join(dir, sep)) === true);
  return { evaluation, path, ...(run === undefined ? {} : { name: run.name }) };
}

/** Every result that the editor knows, newest first: of all runs, and those that were asked for. */
export function allResults(services: Services, results: EvaluationStore): StoredResult[] {
  const ofRuns = services.store.runs.flatMap((entry) =>
    services.store.evaluations(entry.dir).map((evaluation) => resultOfRun(entry, evaluation)),
  );
  const asked = results.files().map(({ file, evaluation }) => resultOfFile(services, file, evaluation));
  return [...ofRuns, ...asked].sort((a, b) => byTime(b, a));
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
  const { questionsHash, modelHash } = evaluation;
  const fitting = all.filter(
    ({ evaluation: other }) =>
      isUntrained(other) &&
      benchmarkTitle(other) === benchmarkTitle(evaluation) &&
      other.questionsHash === questionsHash &&
      other.modelHash === modelHash &&
      wayOf(other) === wayOf(evaluation),
  );
  return isUntrained(evaluation) ? undefined : fitting.sort(byTime).at(-1);
}

/** Results that a pace is taken from, the latest ones. */
const recentResults = 5;

/**
 * Seconds that greedy answers to so many questions will take on this machine, by the latest results of the model;
 * undefined where none is known. Those on the same domain count alone where there are any: their answers are as long.
 */
export function secondsFor(
  { model, domain, questions }: { model: string; domain: string; questions: number },
  all: readonly NamedResult[],
): number | undefined {
  const ofModel = all
    .map(({ evaluation }) => evaluation)
    .filter((evaluation) => modelWord(evaluation.model) === modelWord(model) && evaluation.total > 0);
  const ofDomain = ofModel.filter((evaluation) => evaluation.domain === domain);
  const paces = (ofDomain.length > 0 ? ofDomain : ofModel)
    .slice(0, recentResults)
    .map(({ seconds, total, samples }) => seconds / (total * samples));
  return paces.length === 0 ? undefined : questions * mean(paces);
}

function byTime({ evaluation: a }: StoredResult, { evaluation: b }: StoredResult): number {
  return a.time.localeCompare(b.time);
}

/** How the answers of a result were made; equal texts are the same way. */
export function wayOf({ precision, samples, temperature, maxTokens }: Evaluation): string {
  return JSON.stringify([precision, samples, temperature, maxTokens]);
}
