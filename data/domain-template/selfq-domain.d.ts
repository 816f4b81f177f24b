/**
 * The interface of a domain of your own for `selfq run --domain ./DIR`. This file is documentation and types alone:
 * nothing reads it when the domain runs. Keep it beside domain.ts, so that your editor checks what you write.
 *
 * The functions run in a sandbox: no file, no network, no process, no package, one second and 64 MiB for each call.
 * What goes in and comes out is JSON data. They have to give equal results for equal arguments.
 */

/** JSON data. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** What the model is asked: one message of the user as text, or with a system message and the beginning of the reply. */
export type Prompt = string | { system?: string; user: string; prefill?: string };

/** A proposal that is no question, and why, in a sentence for the record. */
export interface Rejected {
  rejected: string;
}

/** A domain, in which the model plays both roles. `Question`: your own type of a question, as JSON data. */
export interface Domain<Question> {
  /** Lower-case letters, digits and -, a letter first. Runs and results have this name. */
  name: string;
  /** One sentence for lists. */
  description?: string;

  /**
   * 1. The proposer. Asks the model to write one question. `variant` is a whole number from 0 to 255: use it to vary
   * what is asked for, or a small model repeats itself. `topic` is the text of `--topic`, mostly empty.
   */
  propose(variant: number, topic: string): Prompt;
  /** Texts at which a proposal ends, such as `['\n']`. */
  proposalStop?: string[];
  /** 2. Reads what the model wrote (behind your prefill, which is part of it): a question, or why it is none. */
  parse(proposal: string): Question | Rejected;
  /** 3. What a person reads of a question, in lists and pages. */
  statement(question: Question): string;
  /** Equal for questions that are the same; a repeated question is rejected. Default: the question as JSON. */
  key?(question: Question): string;
  /** Words to sort questions by in evaluations, such as `['easy']`. */
  tags?(question: Question): string[];

  /** 4. The solver. Asks the model for the answer. */
  ask(question: Question): Prompt;
  /** Texts at which an answer ends. */
  answerStop?: string[];

  /**
   * 5. The reward. Have one of `value`, `reward` and `grade`; where there are several, `reward` comes before `value`, and
   * `value` before `grade`.
   *
   * What an answer (prefill included) says, so that equal answers give equal values: `"1,994"` and `1994` should both be
   * 1994. null: nothing can be read. Self-play rewards the value that most answers to a question have (the majority,
   * at least two): no truth is needed.
   */
  value?(question: Question, answer: string): string | number | null;
  /** Or: rewards from 0 to 1 for all answers to one question together; null for one that cannot be read. */
  reward?(question: Question, answers: string[]): (number | null)[];
  /** Or: the reward of one answer. Where it is there, it also grades evaluations. */
  grade?(question: Question, answer: string): number | null;

  /**
   * The right value, as `value` gives it; null where it cannot be computed. It is recorded, so that you see whether the
   * majority is right, and grades evaluations. Self-play with `value` never rewards it.
   */
  truth?(question: Question): string | number | null;

  /**
   * Defaults of settings for runs of this domain, which `--set` and options still change: maxProposalTokens,
   * maxAnswerTokens, temperature, answersPerQuestion, proposerPrompts, proposalsPerPrompt, learningRate and other numbers
   * of self-play (`selfq run --settings`).
   */
  settings?: { [name: string]: number };
}
