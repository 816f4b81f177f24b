import type { Grade, Label, Question, Rejection } from '../protocol/question.ts';
import type { Completion, Prompt } from '../protocol/runtime.ts';

/** One completion of the policy in either role, from sampling to the records: what is known of it grows on the way. */
export interface Rollout {
  id: string;
  /** Completions that advantages are relative to: of one proposer prompt, or of one form of a question. */
  groupId: string;
  prompt: Prompt;
  completion: Completion;
  /** In [0, 1]; undefined where it is masked. */
  reward?: number | undefined;
  advantage: number;
  /** Of a proposal: what its prompt was drawn by (domains/domain.ts). */
  variant?: number;
  /** Of a proposal that is no question. */
  rejection?: Rejection;
  /** Of an answer. */
  grade?: Grade;
}

/** A question on its way through a step. */
export interface Asked {
  /** Unique in the run; that of its proposal where there is one. */
  id: string;
  question: Question;
  /** Whether the question brings its truth along, so that answers are graded instead of rewarded. */
  labelled: boolean;
  /** One for each form of the question. */
  prompts: readonly Prompt[];
  /** The earlier question of the run whose reference does the same, where that is counted instead of rejected. */
  sameAs?: string;
  /** Lines of its reference solution. */
  referenceLines?: number;
  /** Mean cosine distance of its statement's hidden state to those of the step's other questions. */
  hiddenDistance?: number;
  /** [form][sample] */
  answers: readonly (readonly Rollout[])[];
  label?: Label;
}

/** What was asked and answered: in one round, or in the rounds of a step together. */
export interface Round {
  proposals: readonly Rollout[];
  asked: readonly Asked[];
}

/** Before the first round of a step. */
export const emptyRound: Round = { proposals: [], asked: [] };

/** Two rounds of a step as one. */
export function joinRounds(a: Round, b: Round): Round {
  return { proposals: [...a.proposals, ...b.proposals], asked: [...a.asked, ...b.asked] };
}

/** Rollouts by group, in order of first appearance. */
export function groupsOf(rollouts: readonly Rollout[]): Map<string, Rollout[]> {
  return Map.groupBy(rollouts, ({ groupId }) => groupId);
}

/** The group of the answers to one form of a question; the first form has the question's own id. */
export function answerGroup(questionId: string, form: number): string {
  return form === 0 ? questionId : `${questionId}~${form}`;
}

/** What the domain reads of a rollout: the prompt's prefill and the completion. */
export function textOf({ prompt, completion }: Rollout): string {
  return (prompt.prefill ?? '') + completion.text;
}

/** Mean reward that the domain gave the answers, in [0, 1], masked ones skipped; undefined when all were masked. */
export function solveRateOf({ answers }: Asked): number | undefined {
  const rewards = answers.flat().flatMap(({ grade }) => grade?.reward ?? []);
  return rewards.length === 0 ? undefined : rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length;
}
