import { basename, dirname, join } from 'node:path';
import * as z from 'zod';
import { makeFolderSync } from '../base/make-folder.ts';
import { readIfPresent, writeFileAtomic } from '../base/files.ts';
import { sum } from '../base/statistics.ts';
import type { Evaluation, StepMetrics } from '../protocol/records.ts';

/** What the speed of one kind of run was on this machine. `perToken`: seconds for each token that there may be at most. */
const Timing = z.object({
  /** {@link speedKey} of its settings. */
  key: z.string(),
  domain: z.string(),
  /** Loading the model, seconds; absent until it was loaded. */
  load: z.number().optional(),
  steps: z.object({ count: z.number().int(), perToken: z.number() }).optional(),
  evaluations: z.object({ count: z.number().int(), perToken: z.number() }).optional(),
  /** Part of a benchmark ({@link partName}) -> how many questions it has, of parts that were asked whole. */
  sizes: z.record(z.string(), z.number().int()),
});
type Timing = z.infer<typeof Timing>;

const Timings = z.array(Timing);

/** The settings that decide how long a run takes. */
export interface TimedSettings {
  readonly model: string;
  readonly domain: string;
  readonly device: string;
  readonly threads: number;
  readonly samplerPrecision: string;
  readonly trainPrecision: string;
  readonly trainedWeights: string;
  readonly steps: number;
  readonly proposerPrompts: number;
  readonly proposalsPerPrompt: number;
  readonly answersPerQuestion: number;
  readonly maxProposalTokens: number;
  readonly maxAnswerTokens: number;
  readonly questionsBeforehand: number;
  readonly evalEvery: number;
  readonly evalBenchmark: string;
  readonly evalQuestions: number;
  readonly evalSamples: number;
  readonly testQuestions: number;
  readonly testSamples: number;
}

/** How long a run will take, by what earlier runs on this machine took. */
export interface RunEstimate {
  /** From the start to the last evaluation. */
  seconds: number;
  /** Of one step. */
  perStep: number;
  /** Steps that were measured; the last {@link mostCounted} weigh. */
  measured: number;
  /** The domain that was measured, where it is not that of the run. */
  otherDomain?: string;
}

/** An average remembers so many values: a machine changes. */
const mostCounted = 20;
/** Kinds of runs that are remembered, the latest first. */
const mostTimings = 100;
/** Evaluations on the test questions that a run makes by itself: before the first step and after the last. */
const ownTests = 2;
const fileBytes = 1 << 20;

/** Seconds of each measured step, all stages together. */
export function stepSeconds(metrics: readonly Pick<StepMetrics, 'seconds'>[]): number[] {
  return metrics.map(({ seconds }) => sum(Object.values(seconds)));
}

/** How often a run is evaluated on the test and on the validation questions. */
export function plannedEvaluations({
  steps,
  evalEvery,
  questionsBeforehand,
}: Pick<TimedSettings, 'steps' | 'evalEvery' | 'questionsBeforehand'>): { tests: number; validations: number } {
  if (evalEvery === 0) {
    return { tests: ownTests, validations: 0 };
  }
  // On validation: before the first step, every so many of those that train, and after the last.
  const untrained = Math.floor(Math.min(questionsBeforehand, steps) / evalEvery);
  return { tests: ownTests, validations: 1 + Math.ceil(steps / evalEvery) - untrained };
}

/**
 * How long a run with these settings will take on this machine: the mean seconds for a token of earlier runs with the same
 * model, device and precisions, times the tokens of the run; of its domain if that was measured. Undefined where no step of
 * such a run was measured here.
 */
export function estimateRun(config: TimedSettings, cache: string): RunEstimate | undefined {
  const alike = readTimings(cache).filter(({ key, steps }) => key === speedKey(config) && steps);
  const timing = alike.find(({ domain }) => domain === config.domain) ?? alike[0];
  if (!timing?.steps) {
    return undefined;
  }
  const perStep = timing.steps.perToken * stepTokens(config);
  const seconds = (timing.load ?? 0) + config.steps * perStep + evaluationSeconds(config, timing);
  return {
    ...{ seconds, perStep, measured: timing.steps.count },
    ...(timing.domain === config.domain ? {} : { otherDomain: timing.domain }),
  };
}

/** Writes down how fast a run is, for later estimates. */
export interface Stopwatch {
  /** Seconds that loading the model took. */
  loaded(seconds: number): void;
  step(metrics: Pick<StepMetrics, 'seconds'>): void;
  evaluation(evaluation: Evaluation): void;
}

/** A stopwatch of a run with these settings; the figures lie in the cache folder, which is this machine's own. */
export function createStopwatch(config: TimedSettings, cache: string): Stopwatch {
  const change = (make: (timing: Timing) => Partial<Timing>): void => {
    const key = speedKey(config);
    const isMine = (timing: Timing): boolean => timing.key === key && timing.domain === config.domain;
    const all = readTimings(cache);
    const mine = all.find(isMine) ?? { key, domain: config.domain, sizes: {} };
    const kept = all.filter((timing) => !isMine(timing)).slice(0, mostTimings - 1);
    const path = timingsPath(cache);
    makeFolderSync(dirname(path));
    writeFileAtomic(path, `${JSON.stringify([{ ...mine, ...make(mine) }, ...kept])}\n`);
  };
  return {
    loaded: (load) => change(() => ({ load })),
    step: (metrics) =>
      change(({ steps }) => ({ steps: averaged(steps, sum(stepSeconds([metrics])) / stepTokens(config)) })),
    evaluation: ({ seconds, total, samples, benchmark, split, limit }) =>
      change(({ evaluations, sizes }) => ({
        evaluations: averaged(evaluations, seconds / (total * samples * config.maxAnswerTokens)),
        sizes: limit === undefined || total < limit ? { ...sizes, [partName(benchmark, split)]: total } : sizes,
      })),
  };
}

function averaged(before: Timing['steps'], perToken: number): Timing['steps'] {
  const counted = Math.min(before?.count ?? 0, mostCounted - 1);
  const average = ((before?.perToken ?? 0) * counted + perToken) / (counted + 1);
  return { count: (before?.count ?? 0) + 1, perToken: average };
}

function evaluationSeconds(config: TimedSettings, { evaluations, sizes }: Timing): number {
  const { tests, validations } = plannedEvaluations(config);
  const size = (split: string, limit: number): number => {
    // Evaluations call a file of questions by its name alone.
    const benchmark = basename(config.evalBenchmark, '.jsonl');
    const named = benchmark === '' ? undefined : sizes[partName(benchmark, split)];
    const ofDomain = Object.entries(sizes).flatMap(([part, count]) => (part.endsWith(` ${split}`) ? [count] : []));
    // The benchmark of the domain is not named in the settings; what was measured is mostly that.
    return Math.min(limit, named ?? (config.evalBenchmark === '' ? ofDomain[0] : undefined) ?? limit);
  };
  const answers =
    tests * size('test', config.testQuestions) * config.testSamples +
    validations * size('validation', config.evalQuestions) * config.evalSamples;
  return (evaluations?.perToken ?? 0) * answers * config.maxAnswerTokens;
}

function partName(benchmark: string, split: string | undefined): string {
  return `${benchmark} ${split ?? 'all'}`;
}

/** Most tokens that a step samples. */
function stepTokens(config: TimedSettings): number {
  const proposals = config.proposerPrompts * config.proposalsPerPrompt;
  return proposals * (config.maxProposalTokens + config.answersPerQuestion * config.maxAnswerTokens);
}

/** What has to be equal for two runs to be equally fast for a token, besides their domain. */
function speedKey(config: TimedSettings): string {
  const { model, device, threads, samplerPrecision, trainPrecision, trainedWeights } = config;
  return [model, device, `${threads} threads`, samplerPrecision, trainPrecision, trainedWeights].join(' ');
}

function timingsPath(cache: string): string {
  return join(cache, 'timings.json');
}

/** Figures that cannot be read are as good as none: they are measured again. */
function readTimings(cache: string): Timing[] {
  try {
    return Timings.parse(JSON.parse(readIfPresent(timingsPath(cache), fileBytes) ?? '[]'));
  } catch {
    return [];
  }
}
