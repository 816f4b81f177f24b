import { meanOrNull, ratioOrNull } from '../base/statistics.ts';
import { wordTrigramList } from '../domains/near-duplicate.ts';
import type { Answer, Proposal, QuestionQuality, QuestionRecord } from '../protocol/records.ts';
import { shortReferenceLines } from './filters.ts';

/** Answers that are right in everything from which on a question counts as sound. */
const soundAgreement = 2;

/** How good the questions of a step are, from its records alone. */
export function measureQuality(
  proposals: readonly Proposal[],
  questions: readonly QuestionRecord[],
  answers: readonly Answer[],
): QuestionQuality {
  const lines = questions.flatMap(({ referenceLines }) => referenceLines ?? []);
  const unsafe = proposals.flatMap(({ rejection }) =>
    rejection?.reason === 'unsafe' ? [rejection.category ?? 'other'] : [],
  );
  const proposed = questions.filter(({ origin }) => origin === undefined);
  return {
    validity: ratioOrNull(proposals.filter(({ rejection }) => !rejection).length, proposals.length),
    sound: soundShare(questions, answers),
    ...noveltyOf(proposals, proposed),
    distinct_ngrams: distinctShare(questions.map(({ statement }) => statement)),
    hidden_spread: meanOrNull(questions.flatMap(({ hiddenDistance }) => hiddenDistance ?? [])),
    difficulty: meanOrNull(questions.flatMap(({ solveRate }) => (solveRate === undefined ? [] : [1 - solveRate]))),
    reference_lines: meanOrNull(lines),
    short_references: ratioOrNull(lines.filter((count) => count <= shortReferenceLines).length, lines.length),
    unsafe: ratioOrNull(unsafe.length, proposals.length),
    unsafe_reasons: Object.fromEntries(
      [...Map.groupBy(unsafe, (reason) => reason)].map(([reason, { length }]) => [reason, length]),
    ),
  };
}

/** Of questions whose answer is neither known, which needs no agreement, nor elected, which is agreement itself. */
function soundShare(questions: readonly QuestionRecord[], answers: readonly Answer[]): number | null {
  const right = Map.groupBy(
    answers.filter(({ mark }) => mark === 'right'),
    ({ questionId }) => questionId,
  );
  const open = questions.filter(({ labelled, label }) => !labelled && !label);
  return ratioOrNull(open.filter(({ id }) => (right.get(id)?.length ?? 0) >= soundAgreement).length, open.length);
}

/** Words are compared first; behaviour is that of what is new in words and has a reference. */
function noveltyOf(
  proposals: readonly Proposal[],
  proposed: readonly QuestionRecord[],
): Pick<QuestionQuality, 'novelty_words' | 'novelty_behaviour'> {
  const rejected = (reason: string): number => proposals.filter(({ rejection }) => rejection?.reason === reason).length;
  const sameBehaviour = rejected('same_behaviour');
  const newInWords = proposed.length + sameBehaviour;
  const withReference = proposed.filter(({ referenceLines }) => referenceLines !== undefined);
  const different = withReference.filter(({ sameAs }) => sameAs === undefined).length;
  return {
    novelty_words: ratioOrNull(newInWords, newInWords + rejected('near_duplicate')),
    novelty_behaviour: ratioOrNull(different, withReference.length + sameBehaviour),
  };
}

function distinctShare(statements: readonly string[]): number | null {
  const grams = statements.flatMap(wordTrigramList);
  return ratioOrNull(new Set(grams).size, grams.length);
}
