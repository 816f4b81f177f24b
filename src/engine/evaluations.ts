import {
  type Answering,
  type EvaluatedPolicy,
  evaluate,
  type EvaluationTools,
  journalOwner,
} from '../benchmarks/evaluate.ts';
import { openJournal } from '../benchmarks/journal.ts';
import { type Benchmark, benchmarkOf, loadBenchmark } from '../benchmarks/registry.ts';
import { optional } from '../base/optional.ts';
import type { Config } from '../config/tables.ts';
import type { Domain } from '../domains/domain.ts';
import { createDuplicateIndex, type DuplicateIndex } from '../domains/near-duplicate.ts';
import type { RunEvent } from '../protocol/control.ts';
import type { Evaluation, RunRecord, Split } from '../protocol/records.ts';
import type { Stage } from '../protocol/stages.ts';
import { type Checkpoint, findCheckpoint, listCheckpoints } from '../run/checkpoint.ts';
import { evaluationPath, readEvaluations, writeEvaluation } from '../run/folder.ts';
import type { RuntimeOwner } from './children.ts';
import { contextTokensOf } from './load-request.ts';
import { log } from './log.ts';
import type { LiveRun } from './live-run.ts';
import type { LoadedPolicy } from './policy.ts';

/** The evaluations of a run: which are due when, and what they say about its checkpoints. */
export interface RunEvaluations {
  /** The checkpoint that did best during the run; undefined before the first evaluation after a step. */
  readonly best: RunRecord['best'];
  /** All questions of the benchmark, those that are not asked now included: others may be read later. */
  readonly heldOut: DuplicateIndex;
  /** Makes the evaluations that are due after `step`, whose checkpoint is the latest one, and are not recorded yet. */
  after(step: number): Promise<void>;
}

/** A part of the run's benchmark and how it is answered. */
interface Part {
  /** Absent: all of the benchmark. */
  split?: Split;
  benchmark: Benchmark;
  samples: number;
}

/** A validation or test part. */
type SplitPart = Part & { split: Split };

/** What the evaluations of a run work with. */
export interface EvaluationSession {
  dir: string;
  config: Config;
  live: LiveRun;
  domain: Domain;
  /** Questions that this run alone has, read whole wherever the test questions are. */
  ownBenchmark?: Benchmark;
  runtime: Pick<RuntimeOwner, 'evaluated' | 'loaded' | 'loadCheckpoint' | 'policy'>;
  /** Waits at the gate, announces the stage, runs it, again where a child died, and measures its time. */
  stage<T>(step: number, stage: Stage, work: () => Promise<T>): Promise<T>;
  notify(event: RunEvent): void;
}

/**
 * Evaluations on the run's benchmark. Every `evalEvery` steps (not among those that only make questions): its validation
 * questions, which choose the best checkpoint. Before the first step and after the last one: its test questions, at the
 * end with the best checkpoint (without validation, the last), and with them the run's own questions. With
 * `paperSelection`, the test questions take the place of the validation ones. Throws BoundaryError('usage') for a benchmark that cannot be used.
 */
export async function createEvaluations(session: EvaluationSession): Promise<RunEvaluations> {
  const { dir, config, domain, live } = session;
  const name = config.evalBenchmark || benchmarkOf(domain.name)?.name;
  if (name === undefined) {
    const heldOut = createDuplicateIndex(config.nearDuplicate);
    return { best: undefined, heldOut, after: () => Promise.resolve() };
  }
  const { heldOut, chosenOn, tested } = await loadParts(session, name);
  const find = ({ split, benchmark }: Part, step: number): Evaluation | undefined =>
    readEvaluations(dir).find(
      (made) => made.step === step && made.split === split && made.benchmark === benchmark.name,
    );
  const examine = async (part: Part, step: number, checkpoint: Checkpoint): Promise<void> => {
    if (part.benchmark.questions.length === 0) {
      log(`${part.benchmark.name} has no ${part.split ?? ''} questions: it is not evaluated on them`);
    } else if (!find(part, step)) {
      await evaluatePart(session, part, checkpoint);
    }
  };
  const examineAll = async (step: number, checkpoint: Checkpoint): Promise<void> => {
    for (const part of tested) {
      await examine(part, step, checkpoint);
    }
  };
  const noteBest = (): void => {
    const best = bestOf(readEvaluations(dir), chosenOn);
    if (best && best.step !== live.record.best?.step) {
      live.update({ best });
    }
  };
  noteBest();

  return {
    heldOut,
    get best() {
      return live.record.best;
    },
    async after(step) {
      const isLast = step === live.record.steps;
      const latest = findCheckpoint(dir, step);
      if (step === 0) {
        await examineAll(step, latest);
      }
      const isDue = step % config.evalEvery === 0 && (step === 0 || step > config.questionsBeforehand);
      if (config.evalEvery > 0 && (isDue || isLast)) {
        await examine(chosenOn, step, latest);
        noteBest();
      }
      if (isLast) {
        const isRead = (best: number): boolean => tested.every((part) => find(part, best) !== undefined);
        const chosen = await theBest(session, latest, isRead);
        await examineAll(chosen.step, chosen);
      }
    },
  };
}

/** What a run is evaluated on: by which the best checkpoint is chosen, what is read at its begin and end, and all of it. */
async function loadParts(
  { config, domain, ownBenchmark }: EvaluationSession,
  name: string,
): Promise<{ chosenOn: SplitPart; tested: Part[]; heldOut: DuplicateIndex }> {
  const heldOut = createDuplicateIndex(config.nearDuplicate);
  const { questions } = await loadBenchmark(name, domain);
  const all = [...questions, ...(ownBenchmark?.questions ?? [])];
  all.forEach((question) => heldOut.add(question.id, domain.proposer.fingerprint(question)));
  const load = async (split: Split, limit: number, samples: number): Promise<SplitPart> => ({
    ...{ split, samples },
    benchmark: await loadBenchmark(name, domain, { split, limit }),
  });
  const validation = await load('validation', config.evalQuestions, config.evalSamples);
  const test = await load('test', config.testQuestions, config.testSamples);
  const own = ownBenchmark ? [{ benchmark: ownBenchmark, samples: config.testSamples }] : [];
  return { chosenOn: config.paperSelection === 'on' ? test : validation, tested: [test, ...own], heldOut };
}

/** Of the evaluations after a step on that part the first with the highest accuracy. */
export function bestOf(evaluations: readonly Evaluation[], { split, benchmark }: SplitPart): RunRecord['best'] {
  const candidates = evaluations.filter(
    (made) => made.step > 0 && made.split === split && made.benchmark === benchmark.name,
  );
  const highest = Math.max(...candidates.map(({ accuracy }) => accuracy));
  const best = candidates.find(({ accuracy }) => accuracy === highest);
  return best && { step: best.step, accuracy: best.accuracy, split };
}

/** The best checkpoint, which the runtime then holds unless `isRead` says that it is evaluated already. */
async function theBest(
  { dir, live, stage, runtime }: EvaluationSession,
  latest: Checkpoint,
  isRead: (step: number) => boolean,
): Promise<Checkpoint> {
  const { best } = live.record;
  if (!best || best.step === latest.step) {
    return latest;
  }
  const checkpoint = listCheckpoints(dir).find(({ step }) => step === best.step);
  if (!checkpoint) {
    log(`the checkpoint of step ${best.step}, the best one, is gone: the last one is evaluated instead`);
    return latest;
  }
  if (!isRead(best.step)) {
    await stage(latest.step, 'load', () => runtime.loadCheckpoint(checkpoint.dir));
  }
  return checkpoint;
}

/** One evaluation, recorded and told. What is finished when it is cut off is kept beside the records, and not asked again. */
async function evaluatePart(session: EvaluationSession, part: Part, checkpoint: Checkpoint): Promise<void> {
  const { dir, config, live, domain, runtime } = session;
  const { benchmark, split, samples } = part;
  const { step } = checkpoint;
  const { id, hash } = live.record.model;
  const answering: Answering = {
    samples,
    temperature: samples === 1 ? 0 : config.temperature,
    seed: config.seed,
    maxTokens: config.maxAnswerTokens,
  };
  const path = `${evaluationPath(dir, { step, ...optional('split', split), benchmark: benchmark.name })}.journal`;
  const { evaluation, journal } = await session.stage(step, 'evaluate', async () => {
    const { evalPrecision: precision } = runtime.loaded.precisions;
    const policy: EvaluatedPolicy = { step, model: id, modelHash: hash, adapter: checkpoint.dir, precision };
    const owner = journalOwner(benchmark, policy, answering, { domain });
    const journal = openJournal(path, owner, (what) =>
      log(`the journal of another evaluation (${what ?? 'unreadable'}) is replaced: ${path}`),
    );
    const room = { contextTokens: contextTokensOf(config), countTokens: runtime.policy.countTokens };
    const tools = { domain, journal, room, generate: generateWith(runtime) };
    return { evaluation: await evaluate(benchmark, policy, answering, tools), journal };
  });
  writeEvaluation(dir, evaluation);
  journal.remove();
  session.notify({ type: 'evaluation', evaluation });
}

/** Completions in the precision of evaluations, told one by one. */
export function generateWith({
  evaluated,
}: Pick<RuntimeOwner | LoadedPolicy, 'evaluated'>): EvaluationTools['generate'] {
  return (requests, onFinished) =>
    evaluated(requests, (progress) => {
      if (progress.stage === 'completion') {
        onFinished(progress);
      }
    });
}
