import { statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { BoundaryError } from '../base/errors.ts';
import type { Evaluation, RunRecord } from '../protocol/records.ts';
import { readEvaluationFile, readEvaluations, readRun } from '../run/folder.ts';
import { benchmarkTitle } from '../view/evaluation.ts';
import { byBenchmark, decisive, outcomeOf } from '../view/evaluations.ts';
import type { NamedResult } from '../view/comparison-model.ts';
import { usage } from './arguments.ts';

/** Which evaluation of a run is meant. */
export interface Choice {
  /** Name, or name and part: `functions`, `functions (test)`. */
  benchmark?: string;
  /** After this step; absent: the latest. */
  step?: number;
}

/** A result file, or all evaluations of a run. */
type Source =
  | { kind: 'file'; result: NamedResult }
  | { kind: 'run'; name: string; evaluations: Evaluation[]; best: RunRecord['best'] };

/**
 * The two results that a person means: two files; a run and a file, or two runs (of each the chosen step, else the
 * latest, on a benchmark that both have); or one run, before its training and the checkpoint that it kept as its best, else
 * its latest. Throws BoundaryError('usage') where that names no two results or a choice between the results of files,
 * BoundaryError('run') for a damaged file.
 */
export function findResults(paths: readonly string[], choice: Choice): [NamedResult, NamedResult] {
  const [first, second] = paths.map(readSource);
  if (!first) {
    throw usage('Which results?', 'Give two result files or runs, or one run: its first result against its last.');
  }
  if (!second) {
    if (first.kind === 'file') {
      throw usage('Compare with what?', 'Give a second result file (`selfq eval … --out FILE`) or a run.');
    }
    return beforeAndAfter(first, choice);
  }
  if (first.kind === 'file' && second.kind === 'file') {
    assertNoChoice(choice);
  }
  const wanted = choice.benchmark ?? sharedBenchmark(first, second);
  const choose = (source: Source): NamedResult =>
    source.kind === 'file' ? source.result : oneOf(source, { ...choice, benchmark: wanted });
  const results: [NamedResult, NamedResult] = [choose(first), choose(second)];
  if (resolve(paths[0] ?? '') === resolve(paths[1] ?? '')) {
    const remedy = 'Give another result; of one run, name it once to compare it before and after.';
    throw usage(`${results[0].name} was given twice: a result does not differ from itself.`, remedy);
  }
  return results;
}

/** A file has one result: nothing is there to choose. */
function assertNoChoice(choice: Choice): void {
  const [option] = (['benchmark', 'step'] as const).filter((name) => choice[name] !== undefined);
  if (option !== undefined) {
    throw usage(`--${option} chooses between the evaluations of a run, and two files were given.`, 'Leave it out.');
  }
}

function readSource(path: string): Source {
  const name = basename(resolve(path));
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) {
    const remedy = 'Give a result of `selfq eval --out FILE`, or the folder of a run.';
    throw usage(`There is no file or folder ${path}.`, remedy);
  }
  if (!stat.isDirectory()) {
    return { kind: 'file', result: { evaluation: readResult(path), name } };
  }
  const { best } = readRun(path);
  return { kind: 'run', name, evaluations: readEvaluations(path), best };
}

function readResult(path: string): Evaluation {
  try {
    return readEvaluationFile(path);
  } catch (error) {
    if (error instanceof BoundaryError && error.boundary === 'run') {
      const remedy = 'Give a result of `selfq eval --out FILE`; where it was one, evaluate again.';
      throw new BoundaryError('run', error.message, remedy, { cause: error });
    }
    throw error;
  }
}

type Run = Extract<Source, { kind: 'run' }>;

function beforeAndAfter(run: Run, choice: Choice): [NamedResult, NamedResult] {
  const { name, evaluations } = run;
  const of = choice.benchmark === undefined ? decisive(evaluations) : ofBenchmark(run, choice.benchmark);
  const [before] = of;
  const after = choice.step === undefined ? outcomeOf(of, run.best)?.after : atStep(run, of, choice.step);
  if (!before || !after || before === after) {
    const has = evaluations.map((evaluation) => `${benchmarkTitle(evaluation)} after step ${evaluation.step}`);
    throw usage(
      `${name} has no evaluation before and after to compare${has.length === 0 ? '' : ` (it has ${has.join(', ')})`}.`,
      'Let it finish, or name two results.',
    );
  }
  return [
    { evaluation: before, name },
    { evaluation: after, name },
  ];
}

function oneOf(run: Run, { benchmark, step }: { benchmark: string; step?: number }): NamedResult {
  const of = ofBenchmark(run, benchmark);
  const evaluation = step === undefined ? of.at(-1) : atStep(run, of, step);
  if (!evaluation) {
    throw usage(`${run.name} has no evaluation on ${benchmark}.`, benchmarksText(run));
  }
  return { evaluation, name: run.name };
}

/** Of a run on a benchmark, ascending by step. Throws where there are none. */
function ofBenchmark(run: Run, benchmark: string): Evaluation[] {
  const groups = byBenchmark(run.evaluations);
  const found = groups.get(benchmark) ?? [...groups.values()].find(([first]) => first?.benchmark === benchmark);
  if (!found) {
    throw usage(`${run.name} has no evaluation on ${benchmark}.`, benchmarksText(run));
  }
  return found;
}

function atStep({ name }: Run, of: readonly Evaluation[], step: number): Evaluation {
  const found = of.find((evaluation) => evaluation.step === step);
  if (!found) {
    const steps = of.map((evaluation) => evaluation.step).join(', ');
    throw usage(`${name} was not evaluated after step ${step}.`, `There are evaluations after steps ${steps}.`);
  }
  return found;
}

/** What two sources are compared on where nobody says it: that of the file, else the first that both runs have. */
function sharedBenchmark(first: Source, second: Source): string {
  const titles = ({ evaluations }: Run): string[] => [
    ...new Set([...decisive(evaluations), ...evaluations].map(benchmarkTitle)),
  ];
  if (first.kind === 'file') {
    return benchmarkTitle(first.result.evaluation);
  }
  if (second.kind === 'file') {
    return benchmarkTitle(second.result.evaluation);
  }
  const [title] = titles(first).filter((name) => titles(second).includes(name));
  if (title === undefined) {
    throw usage(
      `${first.name} and ${second.name} share no benchmark.`,
      `${benchmarksText(first)} ${benchmarksText(second)}`,
    );
  }
  return title;
}

function benchmarksText({ name, evaluations }: Run): string {
  const titles = [...byBenchmark(evaluations).keys()];
  return titles.length === 0
    ? `${name} has no evaluations yet; evaluate it with \`selfq eval --adapter\`.`
    : `${name} was evaluated on ${titles.join(', ')}.`;
}
