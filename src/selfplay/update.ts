import type { Proposal, Update } from '../protocol/records.ts';
import type { TrainOptions, TrainSequence, UpdateRecord } from '../protocol/runtime.ts';
import type { SelfPlaySettings as Config } from './settings.ts';
import type { Policy, Sampled, StepContext } from './context.ts';
import type { Played } from './dynamic-sampling.ts';
import { optional } from '../base/optional.ts';
import { truncatedRatios } from './rewards.ts';

/**
 * The solver learns in every step, the proposer in every k-th, after the solver. The old logprobs of both are those of
 * the policy before the step's first update.
 */
export async function update(
  { config, policy }: StepContext,
  step: number,
  played: Played,
  proposals: readonly Proposal[],
): Promise<Update[]> {
  const solverPrompts = new Map(
    played.judged.map(({ proposed, completions }) => [proposed.id, completions[0]?.promptTokenIds ?? []]),
  );
  const proposerPrompts = new Map(played.proposals.map(({ id, completion }) => [id, completion.promptTokenIds]));
  const learns = { solver: true, proposer: config.proposerUpdateEvery > 0 && step % config.proposerUpdateEvery === 0 };
  const solver = played.answers
    .filter(({ groupId }) => played.learnt.has(groupId))
    .map((answer) => ({ ...answer, promptTokenIds: solverPrompts.get(answer.groupId) ?? [] }));
  const proposer = proposals.map((proposal) => ({
    ...proposal,
    promptTokenIds: proposerPrompts.get(proposal.id) ?? [],
  }));
  const batches = {
    solver: learns.solver ? await prepare(config, policy, solver) : [],
    proposer: learns.proposer ? await prepare(config, policy, proposer) : [],
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

/** So many proposals tell how far sampler and trainer are apart. */
const measuredProposals = 8;

/**
 * Trainer's logprobs of proposals by id, before the solver's update: what the trainer says of them afterwards is said by
 * another policy than the one that sampled them.
 */
async function measurePolicy(
  config: Config,
  policy: Policy,
  batch: readonly TrainSequence[],
): Promise<Map<string, readonly number[]>> {
  const trained = batch.filter(({ advantage }) => advantage !== 0);
  if (oldPolicy(config) === 'trainer') {
    return new Map(trained.map(({ id, oldLogprobs }) => [id, oldLogprobs]));
  }
  const measured = trained.slice(0, measuredProposals).map((sequence) => ({ ...sequence, logprobs: [] }));
  const logprobs = await policy.logprobs(measured, true);
  return new Map(measured.map(({ id }, index) => [id, logprobs[index] ?? []]));
}

/** Ratios of two policies of the trainer need old logprobs of the trainer. */
function oldPolicy({ oldLogprobs, importanceSamplingCorrection }: Config): Config['oldLogprobs'] {
  return importanceSamplingCorrection === 'truncated' ? 'trainer' : oldLogprobs;
}

/** Adds old and reference logprobs and importance weights to what the trainer will look at. */
async function prepare(config: Config, policy: Policy, sampled: readonly Sampled[]): Promise<TrainSequence[]> {
  const used = sampled.filter(({ advantage }) => advantage !== 0 || config.beta > 0);
  const recomputed = oldPolicy(config) === 'trainer' ? await policy.logprobs(used, true) : undefined;
  const reference = config.beta > 0 ? await policy.logprobs(used, false) : undefined;
  const position = new Map(used.map(({ id }, index) => [id, index]));
  return sampled.map(({ id, promptTokenIds, tokenIds, logprobs, advantage }) => {
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

function trainOptions(config: Config, role: 'solver' | 'proposer'): TrainOptions {
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
