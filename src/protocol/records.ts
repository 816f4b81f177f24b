import * as z from 'zod';
import { Detail, Label, Mark } from './question.ts';
import { runStates } from './run-state.ts';

/** Version of the run folder's layout; readers refuse a newer one. */
export const runFolderVersion = 1;

const Message = z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() });

/** What the policy was asked, with its token ids as the runtime made them. */
export const PromptRecord = z.object({
  messages: z.array(Message),
  prefill: z.string().optional(),
  tokenIds: z.array(z.number().int()),
});
export type PromptRecord = z.infer<typeof PromptRecord>;

const sampled = {
  id: z.string(),
  /** Answers of one question, or proposals of one prompt: advantages are relative to the group. */
  groupId: z.string(),
  text: z.string(),
  /** Number of tokens; the tokens themselves are in the {@link Tokens} of the same id. */
  tokens: z.number().int(),
  /** Mean of the sampler's logprobs, nats; absent for a completion of no tokens. */
  meanLogprob: z.number().optional(),
  finishReason: z.enum(['stop', 'length']),
  /** Absent when the fault was ours (verdict IE): masked out of the group. */
  reward: z.number().optional(),
  advantage: z.number(),
};

/** First line of a step's file. */
export const StepHeader = z.object({
  type: z.literal('step'),
  step: z.number().int(),
  seed: z.number().int(),
});

/** One distinct proposer prompt; `groupId` ties proposals to it. */
export const ProposerPrompt = z.object({ type: z.literal('prompt'), groupId: z.string(), prompt: PromptRecord });

/** One proposal, accepted or rejected. */
export const Proposal = z.object({
  type: z.literal('proposal'),
  ...sampled,
  rejection: z.object({ reason: z.string(), detail: z.string(), category: z.string().optional() }).optional(),
});
export type Proposal = z.infer<typeof Proposal>;

/** A question as the solver met it. `id` is that of its proposal, where there is one, and of its answers' questionId. */
export const QuestionRecord = z.object({
  type: z.literal('question'),
  id: z.string(),
  statement: z.string(),
  /** The domain's own data, such as a problem with its tests; what no solver sees is in it, too. */
  content: z.unknown(),
  /** One for each form of the question. */
  prompts: z.array(PromptRecord),
  /** Id in the file of questions that it was drawn from; absent for the policy's own questions. */
  origin: z.string().optional(),
  /** Its truth is known, and answers were graded by it; absent otherwise. */
  labelled: z.literal(true).optional(),
  /** What the answers elected, in domains without tests. */
  label: Label.optional(),
  /** Mean reward that the domain gave the answers, in [0, 1]; absent when all were masked. */
  solveRate: z.number().optional(),
  /** The earlier question whose reference does the same, where that is counted and not rejected. */
  sameAs: z.string().optional(),
  /** Lines of the reference solution, empty ones and comments not counted, where there is one. */
  referenceLines: z.number().int().optional(),
  /** Mean cosine distance of its statement's mean hidden state to those of the step's other questions, where measured. */
  hiddenDistance: z.number().optional(),
  /** Skipped in the solver's update: by dynamic sampling, minAgreement or shortReferences; absent otherwise. */
  skipped: z.literal(true).optional(),
});
export type QuestionRecord = z.infer<typeof QuestionRecord>;

/** One answer to one form of a question. */
export const Answer = z.object({
  type: z.literal('answer'),
  ...sampled,
  questionId: z.string(),
  /** Index of the form of the question that was asked. */
  form: z.number().int(),
  /** What was extracted from the text and judged. */
  answer: z.string(),
  mark: Mark,
  detail: Detail.optional(),
});
export type Answer = z.infer<typeof Answer>;

/** The tokens of a proposal or an answer, apart from its text, so that readers of texts need not read them. */
export const Tokens = z.object({
  type: z.literal('tokens'),
  id: z.string(),
  tokenIds: z.array(z.number().int()),
  /** Sampler's logprobs at temperature 1, nats, one per token id. */
  logprobs: z.array(z.number()),
});
export type Tokens = z.infer<typeof Tokens>;

/** One optimiser step: enough to recompute its loss (formulas of runtime/training/loss.ts) from this file alone. */
export const Update = z.object({
  type: z.literal('update'),
  role: z.enum(['solver', 'proposer']),
  index: z.number().int(),
  sequences: z.array(
    z.object({
      id: z.string(),
      /** Weight of each token of this sequence in the loss. */
      tokenWeight: z.number(),
      oldLogprobs: z.array(z.number()).optional(),
      refLogprobs: z.array(z.number()).optional(),
      /** Trainer's logprobs at this update; absent where skipped (zero advantage and beta = 0). */
      logprobs: z.array(z.number()).optional(),
      /** Factors of the token losses: truncated importance ratios of trainer to sampler; absent = 1. */
      importanceWeights: z.array(z.number()).optional(),
      /** Trainer's logprobs before the step's first update, where `logprobs` are of a later policy and these are known. */
      policyLogprobs: z.array(z.number()).optional(),
    }),
  ),
  loss: z.number().nullable(),
  kl: z.number().nullable(),
  clipRatio: z.number(),
  gradNorm: z.number().nullable(),
  learningRate: z.number(),
  applied: z.boolean(),
});
export type Update = z.infer<typeof Update>;

/** A line of a step's file: first what people read, then the lines of {@link tokenTypes}. */
export const StepLine = z.discriminatedUnion('type', [
  StepHeader,
  ProposerPrompt,
  Proposal,
  QuestionRecord,
  Answer,
  Tokens,
  Update,
]);
export type StepLine = z.infer<typeof StepLine>;

/** Lines that hold a number or more for every token: most of a step's file, at its end. */
export const tokenTypes: readonly StepLine['type'][] = ['tokens', 'update'];

/** Figures of one role in one step. Means are over completions; names follow TRL where TRL has one. */
export const RoleMetrics = z.object({
  /** Mean reward in [0, 1]; null when there was nothing to reward. */
  reward: z.number().nullable(),
  reward_std: z.number().nullable(),
  /** Share of groups whose rewards are all equal, in [0, 1]. */
  frac_reward_zero_std: z.number().nullable(),
  /** Mean negative logprob of the sampled tokens, nats: an estimate of the entropy. */
  entropy: z.number().nullable(),
  /** Tokens. */
  mean_length: z.number().nullable(),
  /** Share of completions cut at the token limit. */
  clipped_ratio: z.number().nullable(),
  /** Of the update; null when this role was not updated in the step. */
  loss: z.number().nullable(),
  kl: z.number().nullable(),
  clip_ratio: z.number().nullable(),
  grad_norm: z.number().nullable(),
  /** Mean |sampler logprob - trainer logprob| of one policy over trained tokens, nats. */
  sampling_logp_difference: z.number().nullable(),
  /** Largest ratio of a trained token's probability by the trainer to that by the sampler, of one policy. */
  importance_ratio_max: z.number().nullable().optional(),
  /** Share of these ratios outside of 0.8 to 1.2. */
  importance_ratio_outside: z.number().nullable().optional(),
});
export type RoleMetrics = z.infer<typeof RoleMetrics>;

/** How good the questions of a step are. Shares are in [0, 1]; null where there was nothing to measure. */
export const QuestionQuality = z.object({
  /** Share of proposals that became questions. */
  validity: z.number().nullable(),
  /** Share of questions with two or more answers that are right in everything; not of questions with a known or elected answer. */
  sound: z.number().nullable(),
  /** Share of the proposals that passed every other guard whose words are new. */
  novelty_words: z.number().nullable(),
  /** Of those, share whose references do something new; null in domains without references. */
  novelty_behaviour: z.number().nullable(),
  /** Different word 3-grams / all word 3-grams of the statements (distinct-n: Li et al. 2016). */
  distinct_ngrams: z.number().nullable(),
  /** Mean cosine distance between the mean hidden states of two statements under the policy. */
  hidden_spread: z.number().nullable(),
  /** Mean over questions of 1 - solve rate: 0 = every answer right. */
  difficulty: z.number().nullable(),
  /** Mean lines of a reference solution. */
  reference_lines: z.number().nullable(),
  /** Share of references of three lines or fewer. */
  short_references: z.number().nullable(),
  /** Share of proposals rejected as unsafe. */
  unsafe: z.number().nullable(),
  /** What unsafe proposals were about, or who called them so -> number. */
  unsafe_reasons: z.record(z.string(), z.number().int()),
});
export type QuestionQuality = z.infer<typeof QuestionQuality>;

/** One line of metrics.jsonl. `seconds` and `time` are the only figures that differ between equal runs. */
export const StepMetrics = z.object({
  step: z.number().int(),
  solver: RoleMetrics,
  proposer: RoleMetrics,
  proposals: z.number().int(),
  /** Questions: proposals that were accepted, and those of files (the settings pool and labelled). */
  valid: z.number().int(),
  /** Questions that dynamic sampling, minAgreement or shortReferences kept out of the solver's update. */
  skipped: z.number().int().optional(),
  /** Rejection reason -> number of proposals. */
  rejected: z.record(z.string(), z.number().int()),
  /** Share of judged tests passed; null in domains without tests. */
  test_pass_rate: z.number().nullable(),
  /** Share of answers that are marked right, masked ones skipped. */
  solved_rate: z.number().nullable(),
  /** Mark -> number of answers. */
  marks: z.record(z.string(), z.number().int()).optional(),
  /** Where answers elect a label: share of labels that are true (of those whose truth can be computed). */
  label_accuracy: z.number().nullable().optional(),
  /** Share of questions that have a label. */
  labelled_rate: z.number().nullable().optional(),
  /** Mean share of a question's answers that have its most frequent value. */
  majority_ratio: z.number().nullable().optional(),
  /** Mean share of pairs of forms of a question that agree. */
  form_agreement: z.number().nullable().optional(),
  /** Share of answers that are true, where the truth can be computed. */
  answer_accuracy: z.number().nullable().optional(),
  /** Share of answers that are one of the numbers that the question shows, where that is suspicious. */
  copied_rate: z.number().nullable().optional(),
  /** Share of the step's labels that are its most frequent label: 1 where every question has the same one. */
  label_repetition: z.number().nullable().optional(),
  /** Absent in records of earlier versions. */
  quality: QuestionQuality.optional(),
  /** Questions by how many of their answers were right: index = number of right answers. */
  difficulty: z.array(z.number().int()),
  /** Mean pairwise distance of the step's statements (1 - Jaccard of word 3-grams), in [0, 1]. */
  diversity: z.number().nullable(),
  /** Verdict of the sandbox -> number of answers; empty in domains without tests. */
  verdicts: z.record(z.string(), z.number().int()),
  sandbox_faults: z.number().int(),
  num_tokens: z.number().int(),
  learning_rate: z.number(),
  /** Stage -> seconds. */
  seconds: z.record(z.string(), z.number()),
  tokens_per_second: z.number(),
  /** ISO time of the end of the step. */
  time: z.string(),
});
export type StepMetrics = z.infer<typeof StepMetrics>;

/** The parts of a benchmark, by a hash of each question's id; {@link Evaluation.split}. */
export const splits = ['validation', 'test'] as const;
/** Checkpoints are chosen on `validation`; `test` is looked at once, at the end. */
export type Split = (typeof splits)[number];

/** One answer of an evaluation. */
export const EvaluatedAnswer = z.object({
  /** Reward in [0, 1]: in coding the share of tests passed. */
  score: z.number(),
  mark: Mark,
  /** Of the sandbox, in coding. */
  verdict: z.string().optional(),
  completion: z.string(),
  /** What was extracted from the completion and judged. */
  answer: z.string(),
  tokens: z.number().int(),
});
export type EvaluatedAnswer = z.infer<typeof EvaluatedAnswer>;

/**
 * What the validation of arXiv 2508.03682 gives an answer: the share of tests passed where it was run; else 1 for the right
 * value, 0.1 for another that is well formed, 0 for none.
 */
export function referenceScoreOf({
  score,
  mark,
  verdict,
}: Pick<EvaluatedAnswer, 'score' | 'mark' | 'verdict'>): number {
  if (verdict !== undefined) {
    return score;
  }
  return mark === 'right' ? 1 : mark === 'wrong' || mark === 'partial' ? 0.1 : 0;
}

/** A question of an evaluation with its answers. */
export const EvaluatedProblem = z.object({
  id: z.string(),
  tags: z.array(z.string()).optional(),
  /** Such as `easy`, `medium` and `hard`, where the benchmark says it. */
  difficulty: z.string().optional(),
  /** The true value, in domains of values. */
  expected: z.string().optional(),
  /** Its prompt has no room in the context: it was not asked, and its answers count as not right. */
  unasked: z.literal(true).optional(),
  /** As many as the evaluation has samples, in the order of the samples. */
  answers: z.array(EvaluatedAnswer),
});
export type EvaluatedProblem = z.infer<typeof EvaluatedProblem>;

/** Number of right answers to a problem. */
export function rightAnswers({ answers }: Pick<EvaluatedProblem, 'answers'>): number {
  return answers.filter(({ mark }) => mark === 'right').length;
}

/** One evaluation: evals/*.json. */
export const Evaluation = z.object({
  /** A shipped benchmark, or a file's name without its end. */
  benchmark: z.string(),
  /** The part of the benchmark that was asked; absent: all of it. */
  split: z.enum(splits).optional(),
  /** At most so many questions of it were asked; absent: all. */
  limit: z.number().int().optional(),
  /** SHA-256, hex, of the questions that were asked; empty in records of versions that did not write it. */
  questionsHash: z.string(),
  domain: z.string(),
  /** Steps of training behind the evaluated policy; 0 = before. */
  step: z.number().int(),
  model: z.string(),
  modelHash: z.string(),
  adapter: z.string().nullable(),
  /** What frozen matrices were computed in: exact, balanced or strict (setting `evalPrecision`). */
  precision: z.string(),
  /** Answers to each question. */
  samples: z.number().int().min(1),
  /** 0 = greedy. */
  temperature: z.number(),
  /** What the samples were drawn from. */
  seed: z.number().int(),
  /** Longest answer, tokens; absent in records of versions that did not write it. */
  maxTokens: z.number().int().optional(),
  /** Number of questions. */
  total: z.number().int(),
  /** Questions with at least one right answer; `solved / total` is the accuracy where there is one answer to each. */
  solved: z.number().int(),
  /** Mean over questions of the share of their answers that are right, in [0, 1]. */
  accuracy: z.number(),
  /** 95 % interval of the accuracy: Wilson's for one answer to each question, else a bootstrap over questions. */
  interval: z.tuple([z.number(), z.number()]),
  /** k -> unbiased estimate of the share of questions that k samples would solve; absent when greedy. */
  passAt: z.record(z.string(), z.number()).optional(),
  /** Mean of {@link referenceScoreOf}: very probably what arXiv 2508.03682 calls accuracy. */
  referenceScore: z.number(),
  /** Mean reward over all answers: in coding the share of tests passed. */
  meanScore: z.number(),
  problems: z.array(EvaluatedProblem),
  /** Time that it took, parts before an interruption included. */
  seconds: z.number(),
  /** Tokens of all answers; absent in records of versions that did not write it. */
  tokens: z.number().int().optional(),
  /** ISO time of its end. */
  time: z.string(),
});
export type Evaluation = z.infer<typeof Evaluation>;

/** A condition that a person should know of, as long as it lasts and after. */
export const Alarm = z.object({
  /** What it is about: the name of a condition of selfplay/alarms.ts. */
  name: z.string(),
  /** What is wrong and what to do, as of step `last`. */
  message: z.string(),
  /** First and last step of its latest time. */
  since: z.number().int(),
  last: z.number().int(),
  /** The step that ended it; absent while it lasts. */
  cleared: z.number().int().optional(),
});
export type Alarm = z.infer<typeof Alarm>;

/** What holds a run that would otherwise work: its setting `runWhen`. */
export const heldBy = ['battery', 'hours'] as const;
export type HeldBy = (typeof heldBy)[number];

/** run.json: what a run is and who owns it now. Written by the engine alone. */
export const RunRecord = z.object({
  version: z.number().int(),
  id: z.string(),
  state: z.enum(runStates),
  /** Why it is paused although nobody asked for that; null: it is not. */
  held: z.enum(heldBy).nullable().optional(),
  /** Who trains, such as `verl 0.9.1`; absent: the engine of this program, which alone can continue its runs. */
  trainer: z.string().optional(),
  /** Settings by name as the run was begun with them; config/stored.ts reads those of other versions. */
  config: z.record(z.string(), z.union([z.string(), z.number()])),
  /** `hash`: empty where whoever trains does not know it. */
  model: z.object({ id: z.string(), path: z.string(), hash: z.string() }),
  /** What frozen matrices are computed in since the model was last loaded, and why where the settings say otherwise. */
  precisions: z
    .object({
      samplerPrecision: z.string(),
      /** Absent in records of versions that did not write it. */
      evalPrecision: z.string().optional(),
      trainPrecision: z.string(),
      reason: z.string().optional(),
    })
    .optional(),
  versions: z.record(z.string(), z.string()),
  createdAt: z.string(),
  /** Steps completed. */
  step: z.number().int(),
  steps: z.number().int(),
  /** Process that owns the run. A pid alone is no proof of life: `startTime`, `token` and `heartbeat` go with it. */
  engine: z.object({
    pid: z.number().int(),
    startTime: z.string(),
    token: z.string(),
    socket: z.string(),
    heartbeat: z.string(),
  }),
  /** Restarts of dead children since the start. */
  restarts: z.number().int(),
  /** Each condition once, in the order in which they were raised last. */
  alarms: z.array(Alarm),
  /**
   * The checkpoint that did best so far in the evaluations during the run, which is kept. `split` says on what: `test` means
   * that it was chosen on the questions of the final result, as in the paper (setting `paperSelection`).
   */
  best: z.object({ step: z.number().int(), accuracy: z.number(), split: z.enum(splits) }).optional(),
  error: z.object({ boundary: z.string(), message: z.string(), remedy: z.string() }).optional(),
});
export type RunRecord = z.infer<typeof RunRecord>;
