import type { Rejection } from '../domain.ts';
import type { Draft } from './content.ts';
import { trigramSimilarity } from '../near-duplicate.ts';
import { checkWords, type SafetyGuard } from '../safety.ts';
import { checkLanguage } from '../statement.ts';
import { shownStatements } from './prompts.ts';
import { isOnTopic } from './topics.ts';

/** Bounds of the length of a statement. */
export interface StatementLimits {
  /** Characters. */
  minStatement: number;
  maxStatement: number;
}

/** Bounds of the length of a statement, characters. */
export const statementLimits: StatementLimits = { minStatement: 30, maxStatement: 1200 };

/** From this likeness (word 3-grams) on, a statement counts as taken from the prompt. */
const copyThreshold = 0.6;

/** Longest reference that is run, characters. */
const maximumReference = 4000;

/** What can be said of a draft before anything is run; the first objection, or undefined. */
export function checkDraft(
  draft: Draft,
  { topic, safetyGuard }: { topic: string; safetyGuard: SafetyGuard },
): Rejection | undefined {
  const language = ({ statement }: Draft) => checkLanguage(statement);
  const words = ({ statement }: Draft) => checkWords(statement, safetyGuard);
  for (const check of [length, language, words, unsafeReference, copied, solutionShown]) {
    const objection = check(draft);
    if (objection) {
      return objection;
    }
  }
  return isOnTopic(topic, draft.statement)
    ? undefined
    : { reason: 'off_topic', detail: `The statement has no word of the topic "${topic}".` };
}

function length({ statement, reference }: Draft): Rejection | undefined {
  const { minStatement, maxStatement } = statementLimits;
  if (statement.length < minStatement) {
    return { reason: 'too_short', detail: `The statement has fewer than ${minStatement} characters.` };
  }
  if (statement.length > maxStatement) {
    return { reason: 'statement_too_long', detail: `The statement has more than ${maxStatement} characters.` };
  }
  if (reference !== undefined && reference.length > maximumReference) {
    return {
      reason: 'reference_too_long',
      detail: `The reference solution has more than ${maximumReference} characters.`,
    };
  }
  return undefined;
}

/** What a solution to an exercise never needs and a sandbox would deny anyway. */
const unsafeCode = /\b(?:eval|Function|require|import)\s*\(|\bprocess\s*\.|\bchild_process\b/;

function unsafeReference({ reference }: Draft): Rejection | undefined {
  return reference !== undefined && unsafeCode.test(reference)
    ? { reason: 'unsafe', category: 'code', detail: 'The reference solution evaluates text or loads modules.' }
    : undefined;
}

function copied({ statement }: Draft): Rejection | undefined {
  return shownStatements().some((shown) => trigramSimilarity(shown, statement) >= copyThreshold)
    ? { reason: 'copied_from_prompt', detail: 'The statement is an example of the prompt.' }
    : undefined;
}

function solutionShown({ statement, reference }: Draft): Rejection | undefined {
  const flat = (text: string) => text.replaceAll(/\s+/g, ' ').trim();
  const lines = (reference ?? '').split('\n').map(flat);
  // Shorter lines (`return count;`) may be prose by chance.
  const shown = lines.some((line) => line.length >= 16 && /[=(.]/.test(line) && flat(statement).includes(line));
  if (shown || /```|=>\s*[{(\w]|\bfunction\s*\w*\s*\(/.test(statement)) {
    return { reason: 'contains_solution', detail: 'The statement contains code of a solution.' };
  }
  return undefined;
}
