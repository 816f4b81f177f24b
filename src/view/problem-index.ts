import type { FeedEntry } from './messages.ts';

/** What became of a proposal, in the order in which groups are shown. */
export const outcomes = ['some', 'all', 'none', 'unjudged', 'rejected'] as const;
export type Outcome = (typeof outcomes)[number];

/** `all`, `some`, `none`: how many answers were fully right. */
export function outcomeOf(entry: FeedEntry): Outcome {
  if (entry.rejection !== undefined) {
    return 'rejected';
  }
  const judged = entry.answers.filter(({ mark }) => mark !== 'masked');
  const solved = judged.filter(({ mark }) => mark === 'right').length;
  if (judged.length === 0) {
    return 'unjudged';
  }
  return solved === 0 ? 'none' : solved === judged.length ? 'all' : 'some';
}

/**
 * What most answers got: the sandbox's verdict where they were run, else the mark; undefined for a rejected proposal.
 * Ties go to the first in the record.
 */
export function mainVerdict(entry: FeedEntry): string | undefined {
  const counts = new Map<string, number>();
  for (const { mark, verdict } of entry.answers) {
    const word = verdict ?? mark;
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].reduce<[string, number] | undefined>(
    (best, next) => (best === undefined || next[1] > best[1] ? next : best),
    undefined,
  )?.[0];
}
