// Steps of self-play in the form of step.json, which commit e85492e wrote. The records have changed their shape since;
// what is compared is what they say, in the words of that commit.
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDomain } from '../../src/domains/registry.ts';
import { createSandbox } from '../../src/sandbox/host/pool.ts';
import { selfPlay } from '../support/self-play.ts';
import { writeWritingModel } from '../support/writing-model.ts';

type Settings = Readonly<Record<string, string | number>>;

/** Steps of coding with a tiny model, a real runtime process and a real sandbox. All that knows the program's functions. */
async function play(steps: number, settings: Settings): Promise<{ lines: readonly unknown[]; metrics: unknown }[]> {
  const dir = await mkdtemp(join(tmpdir(), 'selfq-golden-'));
  const sandbox = await createSandbox({ workers: 1 });
  try {
    const modelPath = join(dir, 'model');
    await writeWritingModel(modelPath);
    const options = {
      ...({ domain: 'coding', testsMode: 'executed', minDistinctTests: 3, maxTests: 10, topic: '' } as const),
      ...({ multiplyTests: 0, behaviourDuplicates: 'count', safetyGuard: 'words' } as const),
    };
    const domain = createDomain(options, {
      sandbox: () => Promise.resolve(sandbox),
      base: () => Promise.reject(new Error('the base policy is not asked')),
    });
    return await selfPlay({ modelPath, cacheDir: join(dir, 'cache'), domain, steps, settings });
  } finally {
    await sandbox.close();
    await rm(dir, { recursive: true, force: true });
  }
}

/** Nothing is left to a preset. */
const common: Settings = {
  seed: 5,
  proposerPrompts: 3,
  proposalsPerPrompt: 4,
  answersPerQuestion: 4,
  dynamicSampling: 0,
  temperature: 1,
  topP: 1,
  topK: 0,
  maxPromptTokens: 2048,
  maxProposalTokens: 16,
  maxAnswerTokens: 16,
  nearDuplicate: 0.45,
  behaviourDuplicates: 'count',
  solverReward: 'tests',
  proposerReward: 'mean',
  proposerUpdateEvery: 1,
  lossType: 'dapo',
  epsilonLow: 0.2,
  epsilonHigh: 0.2,
  dualClip: 3,
  beta: 0,
  oldLogprobs: 'sampler',
  importanceSamplingCorrection: 'none',
  samplerPrecision: 'balanced',
  trainPrecision: 'balanced',
  microBatchTokens: 1400,
  gradientCheckpointing: 'selective',
  miniBatchSequences: 0,
  learningRate: 0.001,
  adamBeta1: 0.9,
  adamBeta2: 0.999,
  weightDecay: 0.01,
  maxGradNorm: 1,
  trainedWeights: 'lora',
  loraRank: 4,
  loraAlpha: 8,
  slots: 8,
};

/** At this temperature the model errs now and then, so that rejections and verdicts vary. */
const erring = 1.4;

interface Case {
  steps: number;
  settings: Settings;
}

export const cases: Readonly<Record<string, Case>> = {
  'two steps': { steps: 2, settings: common },
  'a step with dynamic sampling': { steps: 1, settings: { ...common, temperature: erring, dynamicSampling: 1 } },
  'two exact steps with a reference policy, importance weights and mini-batches': {
    steps: 2,
    settings: {
      ...common,
      seed: 9,
      temperature: erring,
      proposerPrompts: 2,
      samplerPrecision: 'strict',
      trainPrecision: 'exact',
      beta: 0.01,
      oldLogprobs: 'trainer',
      importanceSamplingCorrection: 'truncated',
      importanceSamplingCap: 2,
      miniBatchSequences: 16,
      lossType: 'grpo',
      proposerReward: 'variance',
    },
  },
};

/** A step in the form of the golden file. */
export interface GoldenStep {
  metrics: object;
  lines: object[];
}

/** The steps of a case as they come out now. */
export async function playCase({ steps, settings }: Case): Promise<GoldenStep[]> {
  return (await play(steps, settings)).map(({ lines, metrics }) => ({
    metrics: comparableMetrics(metrics as object),
    lines: withTokens(lines as readonly Line[]).map(goldenLine),
  }));
}

/** Proposals and answers with their tokens, which that commit wrote into their lines. */
function withTokens(lines: readonly Line[]): Line[] {
  const tokens = new Map(lines.filter(({ type }) => type === 'tokens').map((line) => [line['id'], line]));
  return lines
    .filter(({ type }) => type !== 'tokens')
    .map((line) => {
      const { tokenIds, logprobs } = tokens.get(line['id']) ?? line;
      return line.type === 'proposal' || line.type === 'answer' ? { ...line, tokenIds, logprobs } : line;
    });
}

/** A line of metrics without what may differ between equal steps. */
export function comparableMetrics(metrics: object): object {
  // That commit had neither marks nor figures of the questions' quality.
  const { skipped, left_out, marks: _, quality: __, ...same } = metrics as Record<string, unknown>;
  return { ...same, left_out: skipped ?? left_out, seconds: undefined, tokens_per_second: undefined, time: undefined };
}

interface Line {
  [name: string]: unknown;
  type: string;
  prompt: { messages: unknown; prefill?: string; tokenIds: number[] };
  tokenIds: unknown;
  logprobs: number[];
  prompts: Line['prompt'][];
  content: { problem: { statement: string; entry: string; parameters: string[]; tests: unknown }; reference?: string };
  rejection?: { reason: string };
  detail?: { result: { verdict: string; passed: number; total: number } };
  sequences: Sequence[];
}

interface Sequence {
  [name: string]: unknown;
  logprobs?: number[];
  refLogprobs?: number[];
  policyLogprobs?: number[];
  importanceWeights?: number[];
}

/** What a line says, logprobs added up: {@link Line}s are those of a run's step file. */
function goldenLine(line: Line): object {
  const { type, id, groupId } = line;
  switch (type) {
    case 'prompt':
      return { type, groupId, ...goldenPrompt(line.prompt) };
    case 'question': {
      const { statement, entry, parameters, tests } = line.content.problem;
      const problem = { statement, entry, parameters, tests };
      const [prompt] = line.prompts;
      const { solveRate, skipped: leftOut } = line;
      return {
        type,
        id,
        problem,
        reference: line.content.reference,
        ...(prompt && goldenPrompt(prompt)),
        solveRate,
        leftOut,
      };
    }
    case 'proposal':
      return { ...goldenCompletion(line), rejection: line.rejection?.reason };
    case 'answer': {
      const { verdict, passed, total } = line.detail?.result ?? {};
      return { ...goldenCompletion(line), answer: line['answer'], verdict, passed, total };
    }
    case 'update':
      return { ...line, sequences: line.sequences.map(goldenSequence) };
    default:
      return line;
  }
}

function goldenCompletion({
  type,
  id,
  groupId,
  text,
  tokenIds,
  logprobs,
  finishReason,
  reward,
  advantage,
}: Line): object {
  return { type, id, groupId, text, tokenIds, logprob: sum(logprobs), finishReason, reward, advantage };
}

function goldenPrompt({ messages, prefill, tokenIds }: Line['prompt']): object {
  return { messages, prefill, tokens: tokenIds.length, sha256: sha256(JSON.stringify(tokenIds)) };
}

function goldenSequence({ id, tokenWeight, ...perToken }: Sequence): object {
  return {
    id,
    tokenWeight,
    logprob: sum(perToken.logprobs),
    refLogprob: sum(perToken.refLogprobs),
    policyLogprob: sum(perToken.policyLogprobs),
    importanceWeight: sum(perToken.importanceWeights),
  };
}

function sum(values?: readonly number[]): number | undefined {
  return values?.reduce((total, value) => total + value, 0);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
