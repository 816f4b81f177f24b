import type { Asked } from './rollout.ts';

/** References of this many lines or fewer are short: most of them are one expression. */
export const shortReferenceLines = 3;

/**
 * Whether at least `minAgreement` answers to a question are right in everything: several that agree with the reference
 * vouch for statement and reference together. A filter alone, never a reward. Questions whose answer is known need none.
 */
export function isSound({ labelled, answers }: Pick<Asked, 'labelled' | 'answers'>, minAgreement: number): boolean {
  return labelled || answers.flat().filter(({ grade }) => grade?.mark === 'right').length >= minAgreement;
}

/** Questions in order, without the last ones that make short references more than `most` of all, in [0, 1]. */
export function withQuota(asked: readonly Asked[], most: number): Asked[] {
  if (most >= 1) {
    return [...asked];
  }
  const isShort = ({ referenceLines }: Asked): boolean =>
    referenceLines !== undefined && referenceLines <= shortReferenceLines;
  const others = asked.filter((question) => !isShort(question)).length;
  // Of n short ones among others, n / (n + others) <= most.
  let left = Math.floor((most * others) / (1 - most) + 1e-9);
  return asked.filter((question) => !isShort(question) || left-- > 0);
}
