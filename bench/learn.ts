import { meanOrNull } from '../src/base/statistics.ts';
import { evaluate } from '../src/benchmarks/evaluate.ts';
import { loadBenchmark } from '../src/benchmarks/registry.ts';
import type { Question } from '../src/protocol/question.ts';
import type { Evaluation } from '../src/protocol/records.ts';
import { resolveConfig } from '../src/config/resolve.ts';
import type { Config } from '../src/config/tables.ts';
import { poolSource } from '../src/selfplay/sources.ts';
import { runStep } from '../src/selfplay/step.ts';
import { describeConditions, noteConditions, round, type Conditions } from './measure.ts';
import { openBenchModel, type BenchArguments, type BenchObserver } from './policy.ts';
import { contextOf, createPlayground } from './self-play.ts';

/** Every third of the shipped problems is trained on, the others are held out. */
const trainedEvery = 3;
const answers = 4;
/** Enough for what is right; wrong answers are longer. */
const answerTokens = 96;
const learningRate = 1e-4;

interface LearnStep {
  /** Mean reward of the answers, whichever is trained on. */
  reward: number | null;
  /** Share of tests passed. */
  testsPassed: number | null;
  /** Nats a token, of the sampled tokens. */
  entropy: number | null;
  meanTokens: number | null;
  /** Mean |sampler logprob - trainer logprob|, nats; null where nothing was to be learnt. */
  samplingLogpDifference: number | null;
  gradNorm: number | null;
  seconds: number;
}

type Result = Pick<Evaluation, 'solved' | 'total' | 'meanScore'>;

/** Figures of one learning curve. */
export interface LearnBench {
  conditions: Conditions;
  seed: number;
  reward: Config['solverReward'];
  steps: LearnStep[];
  /** One greedy answer in fp32 to each problem, before the first and after the last step. */
  trained: [before: Result, after: Result];
  heldOut: [before: Result, after: Result];
}

/**
 * `selfq bench learn`: the solver alone, on the same problems in every step, so that curves of different precisions or
 * rewards differ by nothing else. It has no peer.
 */
export async function learnTarget(
  args: BenchArguments,
  observer: BenchObserver,
): Promise<{ figures: LearnBench; lines: string[] }> {
  const count = args.integer('steps', 1) ?? (args.has('quick') ? 3 : 30);
  const seed = args.integer('seed', 0) ?? 1;
  const config = resolveConfig('quick', {
    seed,
    solverReward: args.text('reward') ?? 'tests',
    maxAnswerTokens: answerTokens,
    answersPerQuestion: answers,
    proposerPrompts: 8,
    proposalsPerPrompt: 1,
    proposerUpdateEvery: 0,
    learningRate,
  });
  const model = await openBenchModel(args, observer);
  const finish = noteConditions(model);
  const runtime = await model.start({
    slots: config.proposerPrompts * answers,
    contextTokens: config.maxPromptTokens + config.maxAnswerTokens,
    seed,
  });
  const { domain, sandbox } = await createPlayground(config, runtime);
  try {
    const { name, questions } = await loadBenchmark('coding', domain);
    const trained = questions.filter((_, index) => index % trainedEvery === 0);
    const heldOut = questions.filter((_, index) => index % trainedEvery !== 0);
    const context = contextOf(config, domain, poolSource(trained, { labelled: true }), runtime);
    const examine = async (part: readonly Question[]): Promise<Result> => {
      process.stderr.write(`Evaluating ${part.length} problems …\n`);
      const policy = { step: 0, model: model.id, modelHash: '', adapter: null, precision: 'exact' };
      const answering = { samples: 1, temperature: 0, seed: 0, maxTokens: config.maxAnswerTokens };
      const tools = { domain, generate: context.policy.generate };
      const { solved, total, meanScore } = await evaluate({ name, questions: part }, policy, answering, tools);
      return { solved, total, meanScore: round(meanScore) };
    };
    const before = [await examine(trained), await examine(heldOut)] as const;
    const steps: LearnStep[] = [];
    for (let step = 1; step <= count; step++) {
      const start = performance.now();
      const { solver, test_pass_rate } = (await runStep(context, step)).metrics;
      steps.push({
        reward: solver.reward,
        testsPassed: test_pass_rate,
        entropy: solver.entropy,
        meanTokens: solver.mean_length,
        samplingLogpDifference: solver.sampling_logp_difference,
        gradNorm: solver.grad_norm,
        seconds: (performance.now() - start) / 1000,
      });
      process.stderr.write(`${step} of ${count}: reward ${(solver.reward ?? NaN).toFixed(3)}\n`);
    }
    const figures: LearnBench = {
      conditions: finish({}),
      seed,
      reward: config.solverReward,
      steps,
      trained: [before[0], await examine(trained)],
      heldOut: [before[1], await examine(heldOut)],
    };
    return { figures, lines: describe(figures) };
  } finally {
    await runtime.close();
    await sandbox.close();
    await model.close();
  }
}

function describe({ conditions, seed, reward, steps, trained, heldOut }: LearnBench): string[] {
  const fives = Array.from({ length: Math.ceil(steps.length / 5) }, (_, i) => steps.slice(5 * i, 5 * i + 5));
  const average = (part: readonly LearnStep[], of: keyof LearnStep) =>
    meanOrNull(part.flatMap((step) => step[of] ?? []))?.toFixed(3) ?? '-';
  const results = ([before, after]: [Result, Result]) =>
    `${before.solved} -> ${after.solved} of ${after.total} solved, mean score ${before.meanScore} -> ${after.meanScore}`;
  return [
    `Seed ${seed}, reward ${reward}, ${steps.length} steps.`,
    'steps: reward, tests passed, entropy, tokens an answer, sampler-trainer',
    ...fives.map((part, i) =>
      [
        `${5 * i + 1} to ${5 * i + part.length}: ${average(part, 'reward')}`,
        ...(['testsPassed', 'entropy', 'meanTokens', 'samplingLogpDifference'] as const).map((of) => average(part, of)),
      ].join(', '),
    ),
    `Problems trained on: ${results(trained)}`,
    `Held out: ${results(heldOut)}`,
    describeConditions(conditions),
  ];
}
