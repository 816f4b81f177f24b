import { codingDomain } from '../src/domains/coding/coding.ts';
import type { Domain, Question } from '../src/domains/domain.ts';
import { evaluate } from '../src/engine/evaluate.ts';
import type { Evaluation } from '../src/protocol/records.ts';
import type { TrainSequence } from '../src/protocol/runtime.ts';
import type { RuntimeProcess } from '../src/runtime/process/client.ts';
import { createSandbox } from '../src/sandbox/host/pool.ts';
import type { Sandbox } from '../src/sandbox/sandbox.ts';
import { resolveConfig } from '../src/config/resolve.ts';
import type { Config } from '../src/config/tables.ts';
import { groupAdvantages, mean, solverReward } from '../src/selfplay/rewards.ts';
import { describeConditions, noteConditions, round, type Conditions } from './measure.ts';
import { openBenchModel, type BenchArguments, type BenchObserver } from './policy.ts';
import { options } from './train.ts';

/** Every third of the shipped problems is learnt, the others are held out. */
const learntEvery = 3;
const answers = 4;
/** Enough for what is right; wrong answers are longer. */
const answerTokens = 96;
const learningRate = 1e-4;

interface LearnStep {
  /** Mean reward of the answers, whichever is learnt from. */
  reward: number;
  /** Mean share of tests passed. */
  testsPassed: number;
  /** Nats a token, of the sampled tokens. */
  entropy: number;
  meanTokens: number;
  /** Mean |sampler logprob - trainer logprob|, nats; null where nothing was to be learnt. */
  samplingLogpDifference: number | null;
  gradNorm: number;
  seconds: number;
}

type Result = Pick<Evaluation, 'solved' | 'total' | 'meanScore'>;

export interface LearnBench {
  conditions: Conditions;
  seed: number;
  reward: Config['solverReward'];
  steps: LearnStep[];
  /** One greedy answer in fp32 to each problem, before the first and after the last step. */
  learnt: [before: Result, after: Result];
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
    learningRate,
  });
  const model = await openBenchModel(args, observer);
  const finish = noteConditions(model);
  const domain = codingDomain({ ...config, testsMode: 'executed' });
  const problems = await domain.benchmark();
  const learnt = problems.filter((_, index) => index % learntEvery === 0);
  const heldOut = problems.filter((_, index) => index % learntEvery !== 0);
  const sandbox = await createSandbox();
  const runtime = await model.start({
    slots: learnt.length * answers,
    contextTokens: config.maxPromptTokens + config.maxAnswerTokens,
    seed,
  });
  const tools = { domain, sandbox, runtime, config };
  try {
    const before = [await examine(tools, learnt), await examine(tools, heldOut)] as const;
    const steps: LearnStep[] = [];
    for (let step = 1; step <= count; step++) {
      const done = await learnStep(tools, learnt, step);
      steps.push(done);
      process.stderr.write(`${step} of ${count}: reward ${done.reward.toFixed(3)}, ${round(done.seconds)} s\n`);
    }
    const figures: LearnBench = {
      conditions: finish({}),
      seed,
      reward: config.solverReward,
      steps,
      learnt: [before[0], await examine(tools, learnt)],
      heldOut: [before[1], await examine(tools, heldOut)],
    };
    return { figures, lines: describe(figures) };
  } finally {
    await runtime.close();
    await sandbox.close();
    await model.close();
  }
}

interface Tools {
  domain: Domain;
  sandbox: Sandbox;
  runtime: RuntimeProcess;
  config: Config;
}

async function learnStep(
  { domain, sandbox, runtime, config }: Tools,
  questions: readonly Question[],
  step: number,
): Promise<LearnStep> {
  const start = performance.now();
  const prompts = questions.map((question) => domain.solverPrompt(question));
  const completions = await runtime.call('generate', {
    requests: prompts.map((prompt, index) => ({
      prompt,
      samples: answers,
      maxTokens: config.maxAnswerTokens,
      temperature: 1,
      stop: domain.solverStop,
      seed: config.seed * 1_000_003 + step * questions.length + index,
    })),
    adapter: true,
  });
  const judged = await Promise.all(
    questions.map(async (question, index) => {
      const texts = completions[index]!.map(({ text }) => (prompts[index]!.prefill ?? '') + text);
      return domain.judge(question, texts, sandbox);
    }),
  );
  const rewards = judged.map((group) => group.map((judgement) => solverReward(judgement, config.solverReward)));
  const sequences = completions.flatMap((group, question): TrainSequence[] => {
    const advantages = groupAdvantages(rewards[question]!);
    return group.map(({ promptTokenIds, tokenIds, logprobs }, answer) => ({
      id: `${question}.${answer}`,
      promptTokenIds,
      tokenIds,
      oldLogprobs: logprobs,
      advantage: advantages[answer]!,
    }));
  });
  const [update] = await runtime.call('train', {
    sequences,
    options: { ...options, learningRate: config.learningRate, maxCompletionTokens: config.maxAnswerTokens },
  });
  const sampled = sequences.flatMap(({ oldLogprobs }) => [...oldLogprobs]);
  const differences = (update?.sequences ?? []).flatMap(({ logprobs }, index) =>
    (logprobs ?? []).map((logprob, t) => Math.abs(logprob - sequences[index]!.oldLogprobs[t]!)),
  );
  return {
    reward: mean(rewards.flat().filter((reward) => reward !== undefined)),
    testsPassed: mean(judged.flat().flatMap(({ reward }) => reward ?? [])),
    entropy: -mean(sampled),
    meanTokens: sampled.length / sequences.length,
    samplingLogpDifference: differences.length === 0 ? null : mean(differences),
    gradNorm: update?.gradNorm ?? 0,
    seconds: (performance.now() - start) / 1000,
  };
}

async function examine({ domain, sandbox, runtime, config }: Tools, questions: Question[]): Promise<Result> {
  process.stderr.write(`Evaluating ${questions.length} problems …\n`);
  const policy = { step: 0, model: '', modelHash: '', adapter: null };
  const result = await evaluate({ name: domain.name, questions }, policy, {
    domain,
    sandbox,
    generate: (requests) => runtime.call('generate', { requests, adapter: true }),
    maxTokens: config.maxAnswerTokens,
  });
  return { solved: result.solved, total: result.total, meanScore: round(result.meanScore) };
}

function describe({ conditions, seed, reward, steps, learnt, heldOut }: LearnBench): string[] {
  const fives = Array.from({ length: Math.ceil(steps.length / 5) }, (_, i) => steps.slice(5 * i, 5 * i + 5));
  const average = (part: readonly LearnStep[], of: keyof LearnStep) =>
    mean(part.flatMap((step) => step[of] ?? [])).toFixed(3);
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
    `Learnt problems: ${results(learnt)}`,
    `Held out: ${results(heldOut)}`,
    describeConditions(conditions),
  ];
}
