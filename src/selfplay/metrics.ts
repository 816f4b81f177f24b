import { meanOrNull, ratioOrNull, sum } from '../base/statistics.ts';
import { meanPairwiseDistance } from '../domains/near-duplicate.ts';
import type {
  Answer,
  Proposal,
  QuestionRecord,
  RoleMetrics,
  StepLine,
  StepMetrics,
  Update,
} from '../protocol/records.ts';
import type { SelfPlaySettings } from './settings.ts';
import { measureQuality } from './quality.ts';
import { standardDeviation } from './rewards.ts';

/**
 * The figures of a step from its records alone, so that anyone can compute them again; only `clock` (seconds of each
 * stage, time of the end) differs between equal runs.
 */
export function measureStep(
  config: Pick<SelfPlaySettings, 'answersPerQuestion' | 'learningRate'>,
  step: number,
  lines: readonly StepLine[],
  clock: { seconds: Readonly<Record<string, number>>; time: Date },
): StepMetrics {
  const proposals = lines.filter((line) => line.type === 'proposal');
  const questions = lines.filter((line) => line.type === 'question');
  const answers = lines.filter((line) => line.type === 'answer');
  const updates = lines.filter((line) => line.type === 'update');
  const logprobs = new Map(lines.flatMap((line) => (line.type === 'tokens' ? [[line.id, line.logprobs]] : [])));
  const tokens = sum([...proposals, ...answers].map((completion) => completion.tokens));
  const generating = (clock.seconds['propose'] ?? 0) + (clock.seconds['solve'] ?? 0);
  return {
    step,
    solver: measureRole('solver', answers, logprobs, updates),
    proposer: measureRole('proposer', proposals, logprobs, updates),
    proposals: proposals.length,
    valid: questions.length,
    skipped: questions.filter(({ skipped }) => skipped).length,
    rejected: countBy(proposals.flatMap(({ rejection }) => (rejection ? [rejection.reason] : []))),
    ...measureAnswers(answers),
    ...measureLabels(questions, answers),
    difficulty: difficulty(questions, answers, config.answersPerQuestion),
    quality: measureQuality(proposals, questions, answers),
    diversity: meanPairwiseDistance(questions.map(({ statement }) => statement)) ?? null,
    num_tokens: tokens,
    learning_rate: config.learningRate,
    seconds: clock.seconds,
    tokens_per_second: generating > 0 ? tokens / generating : 0,
    time: clock.time.toISOString(),
  };
}

type AnswerFigures = 'test_pass_rate' | 'solved_rate' | 'marks' | 'verdicts' | 'sandbox_faults';

function measureAnswers(answers: readonly Answer[]): Pick<StepMetrics, AnswerFigures> {
  const results = answers.flatMap(({ detail }) => (detail?.kind === 'tests' ? [detail.result] : []));
  const judged = results.filter(({ verdict }) => verdict !== 'IE');
  const marked = answers.filter(({ mark }) => mark !== 'masked');
  return {
    test_pass_rate: ratioOrNull(sum(judged.map(({ passed }) => passed)), sum(judged.map(({ total }) => total))),
    solved_rate: ratioOrNull(marked.filter(({ mark }) => mark === 'right').length, marked.length),
    marks: countBy(answers.map(({ mark }) => mark)),
    verdicts: countBy(results.map(({ verdict }) => verdict)),
    sandbox_faults: answers.length - marked.length,
  };
}

type LabelFigures =
  | 'labelled_rate'
  | 'majority_ratio'
  | 'form_agreement'
  | 'label_accuracy'
  | 'answer_accuracy'
  | 'copied_rate'
  | 'label_repetition';

/** Of domains whose answers elect a label; nothing for others. */
function measureLabels(
  questions: readonly QuestionRecord[],
  answers: readonly Answer[],
): Pick<StepMetrics, LabelFigures> {
  const labels = questions.flatMap(({ label }) => label ?? []);
  if (labels.length === 0) {
    return {};
  }
  const votes = answers.flatMap(({ detail }) => (detail?.kind === 'vote' ? [detail] : []));
  const share = (values: readonly boolean[]): number | null => meanOrNull(values.map(Number));
  return {
    labelled_rate: share(labels.map(({ value }) => value !== null)),
    majority_ratio: meanOrNull(labels.map(({ majorityRatio }) => majorityRatio)),
    form_agreement: meanOrNull(labels.flatMap(({ formAgreement }) => formAgreement ?? [])),
    label_accuracy: share(labels.flatMap(({ correct }) => correct ?? [])),
    answer_accuracy: share(votes.flatMap(({ correct }) => correct ?? [])),
    copied_rate: share(votes.flatMap(({ copied }) => copied ?? [])),
    label_repetition: repetition(labels.flatMap(({ value }) => value ?? [])),
  };
}

/** Share of the most frequent of some values. */
function repetition(values: readonly string[]): number | null {
  return ratioOrNull(Math.max(0, ...Object.values(countBy(values))), values.length);
}

/** The sampler's, by id of the completion. */
type Logprobs = ReadonlyMap<string, readonly number[]>;

function measureRole(
  role: Update['role'],
  completions: readonly (Answer | Proposal)[],
  logprobs: Logprobs,
  updates: readonly Update[],
): RoleMetrics {
  const rewards = completions.flatMap(({ reward }) => (reward === undefined ? [] : [reward]));
  const groups = [...Map.groupBy(completions, ({ groupId }) => groupId).values()].map((group) =>
    group.flatMap(({ reward }) => (reward === undefined ? [] : [reward])),
  );
  const own = updates.filter((update) => update.role === role);
  const applied = (key: 'loss' | 'kl' | 'gradNorm' | 'clipRatio'): number | null =>
    meanOrNull(own.flatMap((update) => update[key] ?? []));
  return {
    reward: meanOrNull(rewards),
    reward_std: rewards.length === 0 ? null : standardDeviation(rewards),
    frac_reward_zero_std: meanOrNull(groups.map((group) => (standardDeviation(group) === 0 ? 1 : 0))),
    entropy: meanOrNull(completions.flatMap(({ id }) => (logprobs.get(id) ?? []).map((logprob) => -logprob))),
    mean_length: meanOrNull(completions.map(({ tokens }) => tokens)),
    clipped_ratio: meanOrNull(completions.map(({ finishReason }) => (finishReason === 'length' ? 1 : 0))),
    loss: applied('loss'),
    kl: applied('kl'),
    clip_ratio: applied('clipRatio'),
    grad_norm: applied('gradNorm'),
    ...mismatch(logprobs, updates, role),
  };
}

/** Ratios in this range count as agreement of sampler and trainer. */
const agreement = { least: 0.8, most: 1.2 };

/**
 * Sampler against trainer under one policy: that before the step's first update. The role that is updated first has the
 * trainer's logprobs in its first update, the other one where they were measured before.
 */
function mismatch(
  sampled: Logprobs,
  updates: readonly Update[],
  role: Update['role'],
): Pick<RoleMetrics, 'sampling_logp_difference' | 'importance_ratio_max' | 'importance_ratio_outside'> {
  const isFirst = updates[0]?.role === role;
  const differences = updates
    .filter((update) => update.role === role && update.index === 0)
    .flatMap(({ sequences }) => sequences)
    .flatMap(({ id, logprobs, policyLogprobs }) =>
      (policyLogprobs ?? (isFirst ? logprobs : undefined) ?? []).map(
        (logprob, position) => logprob - (sampled.get(id)?.[position] ?? NaN),
      ),
    );
  const ratios = differences.map((difference) => Math.exp(difference));
  const isOutside = (ratio: number) => ratio < agreement.least || ratio > agreement.most;
  return {
    sampling_logp_difference: meanOrNull(differences.map(Math.abs)),
    importance_ratio_max: ratios.length === 0 ? null : ratios.reduce((most, ratio) => Math.max(most, ratio), 0),
    importance_ratio_outside: ratioOrNull(ratios.filter(isOutside).length, ratios.length),
  };
}

/** How many questions had 0, 1, … answers that were right. */
function difficulty(questions: readonly QuestionRecord[], answers: readonly Answer[], perQuestion: number): number[] {
  const right = questions.map(({ id }) =>
    answers.filter(({ questionId, mark }) => questionId === id && mark === 'right'),
  );
  const counts = Array.from({ length: Math.max(perQuestion, ...right.map(({ length }) => length)) + 1 }, () => 0);
  for (const { length } of right) {
    counts[length] = (counts[length] ?? 0) + 1;
  }
  return counts;
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) {
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
