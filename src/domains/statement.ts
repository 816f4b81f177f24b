import type { Rejection } from './domain.ts';

/** Words that nearly every English sentence of an exercise has one of. */
const commonWords = /\b(?:the|a|an|of|in|is|are|that|which|return|returns|output|find|count)\b/gi;

/** Rejects prose that is not plain English. */
export function checkLanguage(statement: string): Rejection | undefined {
  const letters = statement.match(/\p{L}/gu) ?? [];
  const latin = letters.filter((letter) => /[a-z]/i.test(letter));
  const common = statement.match(commonWords) ?? [];
  if (latin.length < 0.95 * letters.length || common.length < 2) {
    return { reason: 'not_english', detail: 'The statement is not plain English.' };
  }
  return undefined;
}
