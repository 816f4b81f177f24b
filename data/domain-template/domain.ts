import type { Domain } from './selfq-domain.js';

/** A few words that are to be put into alphabetical order. */
interface Question {
  words: string[];
}

const themes = ['animals', 'fruits', 'tools', 'colours', 'clothes', 'vegetables', 'birds', 'kitchen things'];

/** The words of a list: `Pear, apple and fig` -> pear, apple, fig. */
function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[,;]|\band\b/)
    .map((word) => word.replaceAll(/[^a-z]/g, ''))
    .filter((word) => word !== '');
}

export const domain: Domain<Question> = {
  name: 'word-order',
  description: 'Lists of words that are put into alphabetical order',

  propose(variant) {
    const count = 3 + (variant % 4);
    const theme = themes[Math.floor(variant / 4) % themes.length];
    const user = `Write a list of ${count} different ${theme}, one word each, in no particular order, separated by commas.`;
    return { user, prefill: 'Words:' };
  },
  proposalStop: ['\n', '.'],
  parse(proposal) {
    const words = wordsOf(proposal.replace('Words:', ''));
    if (words.length < 3 || words.length > 8) {
      return { rejected: `It has ${words.length} words, not 3 to 8.` };
    }
    if (new Set(words).size < words.length) {
      return { rejected: 'A word is in it twice.' };
    }
    if (words.some((word) => word.length < 2 || word.length > 15)) {
      return { rejected: 'A word has fewer than 2 or more than 15 letters.' };
    }
    return { words };
  },
  statement: ({ words }) => `Put into alphabetical order: ${words.join(', ')}`,
  // The same words in another order are the same question.
  key: ({ words }) => words.toSorted().join(','),
  tags: ({ words }) => [words.length > 4 ? 'long' : 'short'],

  ask({ words }) {
    const user = `Put these words into alphabetical order. Reply with the words alone, separated by commas.\n\n${words.join(', ')}`;
    return { user, prefill: 'In order:' };
  },
  answerStop: ['\n'],
  value({ words }, answer) {
    const given = wordsOf(answer.replace('In order:', ''));
    // An answer with other words is none.
    return given.toSorted().join() === words.toSorted().join() ? given.join(', ') : null;
  },
  truth: ({ words }) => words.toSorted().join(', '),

  settings: { maxProposalTokens: 48, maxAnswerTokens: 48 },
};
