import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { entryPath } from '../base/entries.ts';
import { BoundaryError } from '../base/errors.ts';
import type { Evaluation } from '../protocol/records.ts';
import { readEvaluationFile, readRun } from '../run/folder.ts';
import type { EvaluationRequest } from '../sweep/definition.ts';
import type { GridRun } from '../sweep/grid.ts';
import type { RunProgress } from '../sweep/progress.ts';
import { paint, type ProgressOutput } from './terminal.ts';

/**
 * Settings that change how a policy is trained and not how it answers: variants that differ in them alone have one
 * evaluation before training. What is not named here is taken to matter.
 */
const trainingOnly = new Set([
  ...['evalBenchmark', 'evalQuestions', 'evalSamples', 'testQuestions', 'testSamples', 'paperSelection'],
  ...['seed', 'steps', 'evalEvery', 'label', 'solverReward', 'proposerReward', 'proposerUpdateEvery', 'lossType'],
  ...['learningRate', 'adamBeta1', 'adamBeta2', 'weightDecay', 'maxGradNorm', 'beta', 'epsilonLow', 'epsilonHigh'],
  ...['dualClip', 'miniBatchSequences', 'proposerPrompts', 'proposalsPerPrompt', 'answersPerQuestion', 'operators'],
  ...['dynamicSampling', 'pool', 'poolShare', 'labelled', 'labelledShare', 'oldLogprobs', 'topic'],
  ...['importanceSamplingCorrection', 'importanceSamplingCap', 'nearDuplicate', 'behaviourDuplicates', 'safetyGuard'],
  ...['questionsBeforehand', 'minAgreement', 'shortReferences', 'multiplyTests', 'questionEmbeddings', 'topP', 'topK'],
]);

/** Interval of the lines in which an evaluation says how far it is, milliseconds. */
const progressMs = '30000';

/** The evaluations that a sweep asks for besides those that each run makes; kept as files, made where they are missing. */
export function createSweepEvaluations(evaluate: readonly EvaluationRequest[], folder: string, output: ProgressOutput) {
  const beforePath = (run: GridRun, request: EvaluationRequest): string =>
    join(folder, `before.${hash([baseSettings(run), request])}.json`);
  // A run that was deleted and made again is another one.
  const afterPath = ({ run, dir }: RunProgress, request: EvaluationRequest): string =>
    join(folder, `${run.name}.${hash([readRun(dir).createdAt, request])}.json`);

  async function make(request: EvaluationRequest, path: string, policy: string[], signal: AbortSignal): Promise<void> {
    if (!existsSync(path)) {
      output.line(paint('dim', `Evaluating on ${titleOf(request.benchmark, request)} …`));
      await evaluateAs([...policy, ...optionsOf(request), '--out', path], signal);
    }
  }

  const read = (path: string, request: EvaluationRequest): Evaluation[] =>
    existsSync(path) ? [named(readEvaluationFile(path), request)] : [];

  return {
    /** Of the policy that training begins with; runs that begin with the same one share it. */
    async before({ run }: RunProgress, signal: AbortSignal): Promise<void> {
      for (const request of evaluate) {
        const settings = baseSettings(run).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
        await make(request, beforePath(run, request), settings, signal);
      }
    },

    /** Of the last checkpoint of a finished run. */
    async after(progress: RunProgress, signal: AbortSignal): Promise<void> {
      for (const request of evaluate) {
        await make(request, afterPath(progress, request), ['--adapter', progress.dir], signal);
      }
    },

    /** Whether nothing is left to evaluate of a finished run. */
    areDone: (progress: RunProgress): boolean => evaluate.every((request) => existsSync(afterPath(progress, request))),

    /** Those that there are for a run, named by all that they ask for. */
    of: (progress: RunProgress): Evaluation[] =>
      evaluate.flatMap((request) => [
        ...read(beforePath(progress.run, request), request),
        ...(progress.record ? read(afterPath(progress, request), request) : []),
      ]),
  };
}

function baseSettings({ config }: GridRun): [string, string | number][] {
  return Object.entries(config).filter(([name]) => !trainingOnly.has(name));
}

function optionsOf({ benchmark, split, samples, limit }: EvaluationRequest): string[] {
  return [
    ...['--benchmark', benchmark],
    ...(split === undefined ? [] : ['--split', split]),
    ...(samples === undefined ? [] : ['--samples', String(samples)]),
    ...(limit === undefined ? [] : ['--limit', String(limit)]),
  ];
}

function named(evaluation: Evaluation, request: EvaluationRequest): Evaluation {
  return { ...evaluation, benchmark: titleOf(evaluation.benchmark, request) };
}

/** Tells an evaluation from that of the runs themselves: `multiplication, first 100, 4 samples`. */
function titleOf(benchmark: string, { samples, limit }: EvaluationRequest): string {
  const parts = [
    ...(limit === undefined ? [] : [`first ${limit}`]),
    ...(samples === undefined ? [] : [`${samples} samples`]),
  ];
  return [benchmark, ...(parts.length === 0 ? ['as the sweep asks'] : parts)].join(', ');
}

/**
 * `selfq eval` as a process, so that its memory is free again for the next run. Throws BoundaryError('run') with its last
 * words where it fails.
 */
async function evaluateAs(args: readonly string[], signal: AbortSignal): Promise<void> {
  const child = spawn(process.execPath, [...process.execArgv, entryPath('cli'), 'eval', ...args], {
    // Out of the terminal's group: Ctrl-C reaches it once, from here.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, SELFQ_PROGRESS_MS: progressMs },
  });
  const stop = (): void => void child.kill('SIGINT');
  signal.addEventListener('abort', stop);
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-2000);
    process.stderr.write(text);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
    if (signal.aborted) {
      stop();
    }
  });
  signal.removeEventListener('abort', stop);
  if (code !== 0) {
    const last = words.trim().split('\n').slice(-2).join(' ');
    throw new BoundaryError(
      'run',
      `Its evaluation failed: ${last || `exit code ${code ?? 'none'}`}`,
      'Try the sweep again.',
    );
  }
}

function hash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
}
