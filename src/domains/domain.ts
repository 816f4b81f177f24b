import type { z } from 'zod';
import type { Grade, Label, Question, Rejection } from '../protocol/question.ts';
import type { Completion, GenerateRequest, Prompt } from '../protocol/runtime.ts';
import type { Seed } from '../protocol/seed.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';

export type { Question, Rejection } from '../protocol/question.ts';

/** What a domain may use; each is started when it is first asked for. */
export interface DomainTools {
  sandbox(): Promise<Sandbox>;
  /** Completions of the frozen base policy (adapter off): reply is [request][sample]. */
  base(requests: GenerateRequest[]): Promise<Completion[][]>;
  /** Functions of the person's own code that proposals are about; of the domain `workspace` alone. */
  seeds?: readonly Seed[];
}

/** What makes two questions the same, or alike. */
export interface Fingerprint {
  /** Questions of one key are one question. */
  key?: string;
  /** Questions whose texts are near-duplicates (word 3-grams) count as one. Absent: only keys are compared. */
  text?: string;
  /** Equal for questions whose references do the same; absent where that cannot be told. */
  behaviour?: string;
}

/** The answers to one question, judged together. */
export interface Rewarded {
  /** [form][sample], as the answers were given. */
  grades: Grade[][];
  /** Where the answers elected the truth among themselves. */
  label?: Label;
}

/**
 * One field in which the model plays both roles. `Draft` is what a proposal parses to, `Content` what makes a question;
 * nobody but the domain looks into either.
 */
export interface Domain<Draft = unknown, Content = unknown> {
  readonly name: string;
  /** Shape of a question's content, for reading records. */
  readonly content: z.ZodType<Content>;
  readonly proposer: {
    /**
     * `variant`: a non-negative integer that the step draws for each group from the run's seed. A domain may spend it
     * on opening and theme, so that groups differ; samples of one group share it. Equal variants give equal prompts.
     */
    prompt(variant: number): Prompt;
    /** Texts that end a proposal. */
    readonly stop: readonly string[];
    /** `proposal`: the prompt's prefill followed by the completion; `variant`: that of the prompt. */
    parse(proposal: string, variant: number): Draft | Rejection;
    /** Applies the guards: executes references, checks statement and safety. One entry for each draft, in order. */
    verify(drafts: readonly { id: string; draft: Draft }[]): Promise<(Question<Content> | Rejection)[]>;
    fingerprint(question: Question<Content>): Fingerprint;
    /** Lines of the question's reference solution, where the domain has such. */
    referenceLines?(question: Question<Content>): number | undefined;
  };
  readonly solver: {
    /** One prompt for each form of the question that is answered; the first is the question as it stands. */
    prompts(question: Question<Content>): Prompt[];
    /** Texts that end an answer. */
    readonly stop: readonly string[];
  };
  /**
   * Reward of self-play, where no truth is known (except under `label=truth`, a control): all answers to one question
   * together, [form][sample], each the prompt's prefill followed by the completion.
   */
  reward(question: Question<Content>, answers: readonly (readonly string[])[]): Promise<Rewarded>;
  /** Grade of one answer (to the first form) by the known truth; undefined where the question does not hold it. */
  grade(question: Question<Content>, answer: string): Promise<Grade | undefined>;
  /** Words that sort questions, such as `easy` or `strings`; absent where a domain has none. */
  tags?(question: Question<Content>): readonly string[];
  /** A question from one row of a file (a problem, a labelled question). Throws where the row is none. */
  read(row: unknown, id: string): Question<Content>;
  /** Such a row as an example, JSON: for a person whose file has others. */
  readonly rowExample?: string;
  /** Whether `grade` knows the truth of a question; absent where it does of every one that is read. */
  knowsTruth?(question: Question<Content>): boolean;
  /**
   * What has to be done about questions that were read, before they are asked; absent where nothing has to be. One for
   * each, in order. Throws BoundaryError that names the question which cannot be used.
   */
  prepare?(questions: readonly Question<Content>[]): Promise<Question<Content>[]>;
}

/** Tells a rejection from what would have been in its place. */
export function isRejection(value: unknown): value is Rejection {
  return typeof value === 'object' && value !== null && 'reason' in value && 'detail' in value;
}

/** The form in which a question is evaluated. */
export function firstPrompt(domain: Domain, question: Question): Prompt {
  const [prompt] = domain.solver.prompts(question);
  if (!prompt) {
    throw new RangeError(`The domain ${domain.name} has no prompt for ${question.id}.`);
  }
  return prompt;
}
