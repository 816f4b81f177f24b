import { optional } from '../base/optional.ts';
import type { Update } from '../protocol/records.ts';
import type { TrainOptions, TrainSequence, UpdateRecord } from '../protocol/runtime.ts';
import type { SelfPlaySettings } from './settings.ts';
import type { Policy, StepContext } from './context.ts';
import type { Rollouts } from './dynamic-sampling.ts';
import { truncatedRatios } from './rewards.ts';
import type { Rollout } from './rollout.ts';

/**
 * The solver learns in every step, the proposer in every k-th, after the solver. The old logprobs of both are those of
 * the policy before the step's first update.
 */
export async function update({ config, policy }: StepContext, step: number, rollouts: Rollouts): Promise<Update[]> {
  const { proposals, asked, trainedOn } = rollouts;
  const learns = { solver: true, proposer: config.proposerUpdateEvery > 0 && step % config.proposerUpdateEvery === 0 };
  const answers = asked.filter(({ id }) => trainedOn.has(id)).flatMap((item) => item.answers.flat());
  const batches = {
    solver: learns.solver ? await prepare(config, policy, answers) : [],
    proposer: learns.proposer ? await prepare(config, policy, proposals) : [],
  };
  const roles = (['solver', 'proposer'] as const).filter((role) =>
    batches[role].some(({ advantage }) => advantage !== 0),
  );
  const policyLogprobs = roles.length > 1 ? await measurePolicy(config, policy, batches.proposer) : new Map();
  const updates: Update[] = [];
  for (const role of roles) {
    const records = await policy.train(batches[role], trainOptions(config, role));
    updates.push(...records.map((record, index) => updateLine(role, index, record, batches[role], policyLogprobs)));
  }
  return updates;
}

/** Proposals sampled for the sampler/trainer mismatch metric. */
const measuredProposals = 8;

/**
 * Trainer's logprobs of proposals by id, before the solver's update: what the trainer says of them afterwards is said by
 * another policy than the one that sampled them.
 */
async function measurePolicy(
  config: SelfPlaySettings,
  policy: Policy,
  batch: readonly TrainSequence[],
): Promise<Map<string, readonly number[]>> {
  const trained = batch.filter(({ advantage }) => advantage !== 0);
  if (oldPolicy(config) === 'trainer') {
    return new Map(trained.map(({ id, oldLogprobs }) => [id, oldLogprobs]));
  }
  const measured = trained.slice(0, measuredProposals);
  const logprobs = await policy.logprobs(measured, true);
  return new Map(measured.map(({ id }, index) => [id, logprobs[index] ?? []]));
}

/** Ratios of two policies of the trainer need old logprobs of the trainer. */
function oldPolicy({ oldLogprobs, importanceSamplingCorrection }: SelfPlaySettings): SelfPlaySettings['oldLogprobs'] {
  return importanceSamplingCorrection === 'truncated' ? 'trainer' : oldLogprobs;
}

/** Adds old and reference logprobs and importance weights to what the trainer will look at. */
async function prepare(
  config: SelfPlaySettings,
  policy: Policy,
  rollouts: readonly Rollout[],
): Promise<TrainSequence[]> {
  const used = rollouts
    .filter(({ advantage }) => advantage !== 0 || config.beta > 0)
    .map(({ id, completion: { promptTokenIds, tokenIds } }) => ({ id, promptTokenIds, tokenIds }));
  const recomputed = oldPolicy(config) === 'trainer' ? await policy.logprobs(used, true) : undefined;
  const reference = config.beta > 0 ? await policy.logprobs(used, false) : undefined;
  const position = new Map(used.map(({ id }, index) => [id, index]));
  return rollouts.map(({ id, completion, advantage }) => {
    const { promptTokenIds, tokenIds, logprobs } = completion;
    const index = position.get(id);
    const known = index === undefined ? undefined : recomputed?.[index];
    const refLogprobs = index === undefined ? undefined : reference?.[index];
    const corrected = config.importanceSamplingCorrection === 'truncated' && known;
    return {
      id,
      promptTokenIds,
      tokenIds,
      advantage,
      oldLogprobs: known ?? logprobs,
      ...optional('refLogprobs', refLogprobs),
      ...(corrected && { importanceWeights: truncatedRatios(corrected, logprobs, config.importanceSamplingCap) }),
    };
  });
}

function trainOptions(config: SelfPlaySettings, role: 'solver' | 'proposer'): TrainOptions {
  return {
    lossType: config.lossType,
    epsilonLow: config.epsilonLow,
    epsilonHigh: config.epsilonHigh,
    dualClip: config.dualClip,
    beta: config.beta,
    learningRate: config.learningRate,
    adamBeta1: config.adamBeta1,
    adamBeta2: config.adamBeta2,
    weightDecay: config.weightDecay,
    maxGradNorm: config.maxGradNorm,
    miniBatchSequences: config.miniBatchSequences,
    maxCompletionTokens: role === 'solver' ? config.maxAnswerTokens : config.maxProposalTokens,
  };
}

/** JSON has no NaN: a figure that is not finite is written as null. */
function updateLine(
  role: Update['role'],
  index: number,
  record: UpdateRecord,
  batch: readonly TrainSequence[],
  policyLogprobs: ReadonlyMap<string, readonly number[]>,
): Update {
  const byId = new Map(batch.map((sequence) => [sequence.id, sequence]));
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return {
    type: 'update',
    role,
    index,
    ...record,
    loss: finite(record.loss),
    kl: finite(record.kl),
    gradNorm: finite(record.gradNorm),
    sequences: record.sequences.map(({ id, tokenWeight, logprobs }) => {
      const sequence = byId.get(id);
      if (!logprobs || !sequence) {
        return { id, tokenWeight };
      }
      const refLogprobs = sequence.refLogprobs && [...sequence.refLogprobs];
      const before = index === 0 ? policyLogprobs.get(id) : undefined;
      return {
        id,
        tokenWeight,
        logprobs,
        oldLogprobs: [...sequence.oldLogprobs],
        ...optional('refLogprobs', refLogprobs),
        ...optional('importanceWeights', sequence.importanceWeights && [...sequence.importanceWeights]),
        ...optional('policyLogprobs', before && [...before]),
      };
    }),
  };
}
