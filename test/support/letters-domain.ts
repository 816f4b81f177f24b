import * as z from 'zod';
import type { Domain } from '../../src/domains/domain.ts';
import type { Grade } from '../../src/protocol/question.ts';

/** Share of a text's characters that are small letters: a reward that a model of random weights can learn to raise. */
export function shareOfLetters(text: string): number {
  const characters = Array.from(text);
  return characters.length === 0
    ? 0
    : characters.filter((character) => /[a-z]/.test(character)).length / characters.length;
}

/**
 * The smallest domain: any text is a question, and an answer is the better the more of it is small letters. It makes
 * the whole loop learn on a tiny model of random weights, which writes no code. `enough`: the reward is 1 from this
 * share of small letters on, else 0.
 */
export function lettersDomain(enough?: number): Domain<string, null> {
  const gradeOf = (answer: string): Grade => {
    const share = shareOfLetters(answer);
    const reward = enough === undefined ? share : Number(share >= enough);
    return { mark: reward === 1 ? 'right' : reward > 0 ? 'partial' : 'wrong', reward, answer };
  };
  return {
    name: 'letters',
    content: z.null(),
    proposer: {
      prompt: () => ({ messages: [{ role: 'user', content: 'ask' }] }),
      stop: [],
      parse: (proposal) => proposal.trim() || 'nothing',
      verify: (drafts) => Promise.resolve(drafts.map(({ id, draft }) => ({ id, statement: draft, content: null }))),
      fingerprint: ({ statement }) => ({ text: statement }),
    },
    solver: { prompts: () => [{ messages: [{ role: 'user', content: 'answer' }] }], stop: [] },
    reward: (_, answers) => Promise.resolve({ grades: answers.map((form) => form.map(gradeOf)) }),
    grade: (_, answer) => Promise.resolve(gradeOf(answer)),
    read: (row, id) => ({ id, statement: z.string().parse(row), content: null }),
  };
}
