import * as z from 'zod';
import { readRow } from '../../../domains/algebra/content.ts';
import { parseValue } from '../../../domains/value.ts';
import type { ImportReason } from '../../../protocol/imports.ts';
import type { Format, Taken } from '../format.ts';

const Row = z.object({ question: z.string().trim().min(1), answer: z.union([z.string(), z.number(), z.bigint()]) });

/** Questions in words whose answer is a number: GSM8K, whose answers stand behind `####`, and its like. */
export const answered: Format = {
  name: 'gsm8k',
  description: 'GSM8K and its like: questions in words, numbers as answers',
  domain: 'algebra',
  needs: ['question', 'answer'],
  read(value) {
    const row = Row.safeParse(value).data;
    return row ? takeAnswered(row.question, String(row.answer)) : 'missing_fields';
  },
};

/** A question with its answer alone: a working in front of `####` is for people. */
export function takeAnswered(question: string, text: string): Taken | ImportReason {
  const answer = (text.split('####').at(-1) ?? '').trim();
  if (question === '') {
    return 'missing_fields';
  }
  if (!parseValue(answer)) {
    return 'no_numeric_answer';
  }
  try {
    readRow({ question, answer }, 'question');
  } catch {
    // Its equations are not linear, or their solution is another value.
    return 'invalid_question';
  }
  return { row: { question, answer } };
}
