import { wordsOf } from '../near-duplicate.ts';
import type { Kind, Opening } from './exemplars.ts';

/** Words (beginnings of words) by which a topic of a kind is known, in topics and in statements alike. */
const keywords: Readonly<Record<Kind, readonly string[]>> = {
  array: ['array', 'list', 'nums', 'element', 'subarray', 'sort'],
  string: ['string', 'word', 'character', 'letter', 'text', 'palindrom', 'anagram', 'vowel', 'sentence', 'substring'],
  number: ['number', 'integer', 'digit', 'prime', 'divis', 'math', 'arithmetic', 'factor', 'multiple', 'fibonacci'],
  matrix: ['matrix', 'matrices', 'grid', 'row', 'column'],
};

/** For a topic that names nothing we know: the model chooses how to continue. */
const neutral: Opening = { kind: 'array', text: 'Given', parameters: '...' };

/** The first kind that a topic names, by the order of its words: "arrays of integers" is about arrays. */
export function kindOfTopic(topic: string): Kind | undefined {
  for (const word of wordsOf(topic)) {
    for (const [kind, list] of Object.entries(keywords)) {
      if (isKind(kind) && list.some((keyword) => word.startsWith(keyword))) {
        return kind;
      }
    }
  }
  return undefined;
}

function isKind(text: string): text is Kind {
  return Object.hasOwn(keywords, text);
}

/** Openings that suit a topic: all of them without a topic, a neutral one for a topic that we have no words for. */
export function openingsFor(topic: string, openings: readonly Opening[]): readonly Opening[] {
  if (topic.trim() === '') {
    return openings;
  }
  const kind = kindOfTopic(topic);
  return kind ? openings.filter((opening) => opening.kind === kind) : [neutral];
}

/**
 * Whether a statement has a word of the topic's kind. Cheap on purpose, and honest about it: a topic whose words we
 * do not know is never called missed, and what a statement is really about takes a judge that reads.
 */
export function isOnTopic(topic: string, statement: string): boolean {
  const kind = kindOfTopic(topic);
  if (!kind) {
    return true;
  }
  return wordsOf(statement).some((word) => keywords[kind].some((keyword) => word.startsWith(keyword)));
}
