import type { JudgeResult, Problem } from '../protocol/problem.ts';
import type { Prompt } from '../protocol/runtime.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';

/** Why a proposal was turned down: a stable code for counting and one sentence for a person. */
export interface Rejection {
  reason: string;
  detail: string;
}

/** The reason of a rejection that is no fault of the proposal: it is masked out of the reward, as verdict IE is. */
export const sandboxFault = 'sandbox_fault';

/** What the parser made of a proposal: not yet executed, not yet guarded. */
export interface Draft {
  statement: string;
  /** Present in mode `executed`; never shown to the solver. */
  reference?: string;
  /** What becomes the tests. `outputs` only in mode `written`. */
  inputs: unknown[][];
  outputs?: unknown[];
  entry: string;
  parameters: string[];
}

/** A question that passed every guard. */
export interface Question {
  problem: Problem;
  reference?: string;
}

export interface Judgement {
  /** What was taken out of the completion and judged. */
  answer: string;
  /** In [0, 1]; undefined when the fault was ours (IE): masked out. */
  reward: number | undefined;
  wellFormed: boolean;
  result?: JudgeResult;
}

/** One field in which the model plays both roles. */
export interface Domain {
  readonly name: string;
  /**
   * `variant`: a non-negative integer that the step draws for each group from the run's seed. A domain may spend it on
   * opening and theme, so that groups differ; samples of one group share it. Equal arguments give equal prompts.
   */
  proposerPrompt(topic: string, variant: number): Prompt;
  /** Stop texts of a proposal and of an answer. */
  readonly proposerStop: readonly string[];
  readonly solverStop: readonly string[];
  /** `proposal`: the prompt's prefill followed by the completion. */
  parse(proposal: string): Draft | Rejection;
  /** Turns drafts into questions: executes references, checks tests, statement, safety. One entry per draft. */
  verify(drafts: readonly Draft[], ids: readonly string[], sandbox: Sandbox): Promise<(Question | Rejection)[]>;
  solverPrompt(question: Question): Prompt;
  /** All answers of one question together (majority domains need the whole group). An answer is prefill + completion. */
  judge(question: Question, answers: readonly string[], sandbox: Sandbox): Promise<Judgement[]>;
  /** Shipped held-out questions. */
  benchmark(): Promise<Question[]>;
}

export function isRejection(value: object): value is Rejection {
  return 'reason' in value;
}
