import type { FeedEntry } from './messages.ts';

/** What became of a proposal, in the order in which groups are shown. */
export const outcomes = ['some', 'all', 'none', 'unjudged', 'rejected'] as const;
export type Outcome = (typeof outcomes)[number];

/** `all`, `some`, `none`: how many answers were fully right. */
export function outcomeOf(entry: FeedEntry): Outcome {
  if (entry.rejection !== undefined) {
    return 'rejected';
  }
  const judged = entry.answers.filter((verdict) => verdict !== 'none' && verdict !== 'IE');
  const solved = judged.filter((verdict) => verdict === 'AC').length;
  if (judged.length === 0) {
    return 'unjudged';
  }
  return solved === 0 ? 'none' : solved === judged.length ? 'all' : 'some';
}

/** The verdict that most answers got; undefined for a rejected proposal. Ties go to the first in the record. */
export function mainVerdict(entry: FeedEntry): FeedEntry['answers'][number] | undefined {
  const counts = new Map<FeedEntry['answers'][number], number>();
  for (const verdict of entry.answers) {
    counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  }
  return [...counts].reduce<[FeedEntry['answers'][number], number] | undefined>(
    (best, next) => (best === undefined || next[1] > best[1] ? next : best),
    undefined,
  )?.[0];
}
