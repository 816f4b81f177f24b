import * as z from 'zod';
import type { RunEventOf } from '../protocol/control.ts';
import type { Verdict } from '../protocol/problem.ts';
import type { Label, Mark } from '../protocol/question.ts';
import { type Alarm, type Split, splits } from '../protocol/records.ts';
import type { ShownProgress, ShownState } from '../protocol/run-state.ts';
import type { Change, ComparisonModel, PairAnswers } from './compared.ts';
import type { RunRow } from './run-rows.ts';
import { type TrialModel, trialChoices } from './trial-model.ts';

export type { Alarm, Label, Mark, ShownState, Verdict };

/**
 * What crosses the border between the extension host and its pages. The host sends whole models: they are small after
 * down-sampling, and a page that was hidden needs no history. Everything from a page is untrusted and parsed.
 */

/** [step, value] */
export type Point = readonly [number, number];

/** Curves of a run by name. Values of the field, as in metrics.jsonl; null values are skipped. */
export const seriesNames = [
  'solver.reward',
  'proposer.reward',
  'test_pass_rate',
  'solved_rate',
  'label_accuracy',
  'answer_accuracy',
  'majority_ratio',
  'form_agreement',
  'labelled_rate',
  'valid_share',
  'diversity',
  'sound',
  'novelty_words',
  'novelty_behaviour',
  'distinct_ngrams',
  'hidden_spread',
  'difficulty',
  'short_references',
  'reference_lines',
  'unsafe',
  'solver.entropy',
  'proposer.entropy',
  'solver.kl',
  'proposer.kl',
  'solver.mean_length',
  'proposer.mean_length',
  'solver.frac_reward_zero_std',
  'proposer.frac_reward_zero_std',
  'solver.clipped_ratio',
  'solver.grad_norm',
  'solver.sampling_logp_difference',
] as const;
export type SeriesName = (typeof seriesNames)[number];

/** Which evaluation of a run. */
export interface EvaluationKey {
  benchmark: string;
  /** The part of the benchmark; absent: all of it. */
  split?: Split;
  step: number;
}

/** The figures of an evaluation, without the answers. */
export interface EvaluationView extends EvaluationKey {
  /** Of the latest on a benchmark against the first; absent on others, and where the problems are not the same. */
  change?: Change;
  solved: number;
  total: number;
  samples: number;
  accuracy: number;
  /** 95 % interval of the accuracy. */
  interval: readonly [number, number];
  meanScore: number;
}

/** Where the time of the steps went. */
export interface StageTimes {
  stages: string[];
  /** Mean seconds of each stage; a row stands for one step, or for neighbours where there are many. */
  rows: { step: number; seconds: number[] }[];
}

/** What became of an answer; `verdict` is the sandbox's, where it was run. */
export interface AnswerMark {
  mark: Mark;
  verdict?: Verdict;
}

/** A cell of the strip of answers: `unjudged` is a fault of ours. */
export type StripCell = 'passed' | 'failed' | 'unjudged';

/** How the answers to a question were judged: by tests, by their own vote, by a known value, or in another way. */
export type Judging = 'tests' | 'vote' | 'value' | 'other';

/** A proposal, or a question without one, in lists. */
export interface FeedEntry {
  step: number;
  id: string;
  title: string;
  /** Where the question comes from; `pool` and `dataset` have no proposal. */
  source: 'proposer' | 'pool' | 'dataset';
  judging: Judging;
  rejection?: string;
  answers: AnswerMark[];
  /** One row per answer with a cell for each test, or one row per form with a cell for each answer; cut to fit. */
  strip: StripCell[][];
  label?: Label;
  solveRate?: number;
  proposerReward?: number;
  /** Of the step in progress: there is no record of it yet that could be opened. */
  live?: true;
}

/** Everything that the dashboard shows of one run. */
export interface RunView extends ShownProgress {
  dir: string;
  name: string;
  /** Variant of the sweep that the run is of: runs of one variant have one colour where they are compared. */
  variant?: string;
  model: string;
  device: string;
  /** Another program that trains it, such as verl 0.9.1: it is neither resumed nor steered from here. */
  trainer?: string;
  createdAt: string;
  /** Why it failed, and what to do. */
  error?: { message: string; remedy: string };
  /** What was asked of the engine and has not happened yet. */
  requested?: 'pause' | 'stop';
  /** Mean of the latest steps. */
  secondsPerStep?: number;
  tokensPerSecond?: number;
  secondsLeft?: number;
  series: Record<SeriesName, Point[]>;
  /** Steps in which the proposer was updated. */
  proposerUpdates: number[];
  stageTimes: StageTimes;
  /** Of the latest step that had questions; index = number of answers that were fully right. */
  difficulty?: { step: number; counts: number[] };
  /** Over the latest steps; accepted, and each reason of rejection. */
  proposals: { steps: number; accepted: number; rejected: [reason: string, count: number][] };
  evaluations: EvaluationView[];
  alarms: Alarm[];
  restarts: number;
  config: { name: string; value: string; unit: string; description: string }[];
}

/** What the engine is doing now. */
export type StageView = Omit<RunEventOf<'stage'>, 'type'>;

/** What the dashboard's page is sent. */
export interface DashboardModel {
  /** The first is the run of the page, the others are laid over its curves. */
  runs: RunView[];
  feed: FeedEntry[];
}

/** An answer as the inspector shows it. */
export interface AnswerView extends AnswerMark {
  id: string;
  /** Index of the form of the question that was asked. */
  form: number;
  /** What was extracted and judged: a program, a value. */
  answer: string;
  text: string;
  reward?: number;
  advantage: number;
  tokens: number;
  /** Mean logprob of a token, nats. */
  meanLogprob?: number;
  cut: boolean;
  timeMs?: number;
  message?: string;
  /** Where the answer was run. */
  tests?: { verdict: Verdict; timeMs?: number; actual?: string; expected?: string; at?: string; message?: string }[];
  /** Where the answers elected a label: how many of how many answers to the form agree, and whether the answer is true. */
  vote?: { votes: number; of: number; correct?: boolean };
  /** Where the true value is known. */
  expected?: string;
}

/** The tests of a coding question. */
export interface TestsView {
  kind: 'function' | 'program' | 'assertions';
  entry?: string;
  reference?: string;
  testsMode: string;
  /** The function of the person's own code that the problem comes from: it is the reference, or was shown alone. */
  seed?: { name: string; place: string; isReference: boolean };
  rows: { input: string; expected: string }[];
}

/** What the inspector's page is sent: a proposal and what became of it. */
export interface ProblemModel {
  dir: string;
  runName: string;
  step: number;
  id: string;
  title: string;
  /** Place among all proposals and questions of the step, from 1. */
  place: number;
  count: number;
  source: FeedEntry['source'];
  /** Id in the file of questions that it was drawn from. */
  origin?: string;
  rejection?: { reason: string; detail: string };
  /** Absent for questions from pools and data sets. */
  proposal?: {
    text: string;
    tokens: number;
    reward?: number;
    advantage: number;
    meanLogprob?: number;
    cut: boolean;
    prompt: string;
  };
  question?: {
    statement: string;
    judging: Judging;
    /** Not part of the solver's update: its answers were all rewarded alike. */
    skipped: boolean;
    solveRate?: number;
    /** In coding. */
    tests?: TestsView;
    /** Where the answers elected one. */
    label?: Label;
    /** What was asked, for each form; a question of one form has one. */
    forms: string[];
    answers: AnswerView[];
  };
}

/** From the extension host to a page. */
export type HostMessage =
  | { type: 'dashboard'; model: DashboardModel }
  | { type: 'stage'; stage: StageView | null }
  | { type: 'problem'; model: ProblemModel; answer: number }
  | { type: 'comparison'; model: ComparisonModel; before: string; after: string }
  | { type: 'answers'; answers: PairAnswers }
  | { type: 'trial'; model: TrialModel }
  | { type: 'runs'; rows: RunRow[] }
  | { type: 'failure'; message: string; remedy: string };

/** Buttons of the dashboard: each is one command of the extension for the page's run. */
export const dashboardActions = [
  'pause',
  'resume',
  'moreSteps',
  'stop',
  'evaluate',
  'exportRun',
  'useModel',
  'tryModel',
  'compareRuns',
  'inspectProblems',
  'showLog',
] as const;

const step = z.number().int().min(0);

/** The data or the picture of a figure, to be saved as a file. */
const Save = z.strictObject({
  type: z.literal('save'),
  name: z.string().regex(/^[\w-]{1,80}$/),
  format: z.enum(['svg', 'csv', 'json']),
  content: z.string().max(5_000_000),
});

/** From the dashboard's page to the host. */
export const DashboardMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready') }),
  z.strictObject({ type: z.literal('action'), action: z.enum(dashboardActions) }),
  z.strictObject({ type: z.literal('open'), step, id: z.string().max(200) }),
  z.strictObject({
    type: z.literal('evaluation'),
    step,
    benchmark: z.string().max(1000),
    split: z.enum(splits).optional(),
  }),
  Save,
]);
export type DashboardMessage = z.infer<typeof DashboardMessage>;

/** From the inspector's page to the host. */
export const ProblemMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready') }),
  z.strictObject({ type: z.literal('move'), by: z.union([z.literal(1), z.literal(-1)]) }),
  z.strictObject({ type: z.literal('openAnswer'), answer: step }),
  z.strictObject({ type: z.literal('diffAnswers'), left: step, right: step }),
  z.strictObject({ type: z.literal('copy') }),
  z.strictObject({ type: z.literal('solve') }),
]);
export type ProblemMessage = z.infer<typeof ProblemMessage>;

/** From the page of a comparison to the host. */
export const ComparisonMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready') }),
  z.strictObject({ type: z.literal('swap') }),
  z.strictObject({ type: z.literal('answers'), id: z.string().max(1000) }),
  z.strictObject({ type: z.literal('diffAnswers'), id: z.string().max(1000), sample: step }),
  Save,
]);
export type ComparisonMessage = z.infer<typeof ComparisonMessage>;

/** From the table of runs to the host. */
export const RunTableMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready') }),
  z.strictObject({ type: z.literal('open'), dir: z.string().max(5000) }),
  z.strictObject({ type: z.literal('menu'), dir: z.string().max(5000) }),
  z.strictObject({ type: z.literal('start') }),
]);
export type RunTableMessage = z.infer<typeof RunTableMessage>;

/** From the page "Try the Model" to the host. */
export const TrialMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready') }),
  z.strictObject({ type: z.literal('ask'), prompt: z.string().max(1_000_000), temperature: z.number().min(0).max(4) }),
  z.strictObject({ type: z.literal('stop') }),
  z.strictObject({ type: z.literal('chooseProblem') }),
  z.strictObject({ type: z.literal('ownPrompt') }),
  z.strictObject({ type: z.literal('blind'), on: z.boolean() }),
  z.strictObject({ type: z.literal('prefer'), choice: z.enum(trialChoices) }),
  z.strictObject({ type: z.literal('use') }),
]);
export type TrialMessage = z.infer<typeof TrialMessage>;
