import type { RunEvent } from '../protocol/control.ts';
import { cellOfMark } from './dashboard-model.ts';
import type { FeedEntry } from './messages.ts';
import { titleOf } from './problem-model.ts';

/**
 * The feed of the step in progress with one more event: proposals as they are verified, questions as they are answered.
 * Metrics end the step, whose record then has it all. Returns `feed` itself where the event changes nothing.
 */
export function withEvent(feed: readonly FeedEntry[], event: RunEvent): readonly FeedEntry[] {
  switch (event.type) {
    case 'proposal': {
      const { step, id, statement, rejection } = event;
      const entry: FeedEntry = {
        ...{ step, id, source: 'proposer', judging: 'other', answers: [], strip: [], live: true },
        title: titleOf(statement ?? rejection?.detail ?? ''),
        ...(rejection ? { rejection: rejection.reason } : {}),
      };
      return [...ofStep(feed, step).filter((other) => other.id !== id), entry];
    }
    case 'question': {
      const { step, id, statement, marks, solveRate } = event;
      const known = ofStep(feed, step);
      const earlier = known.find((entry) => entry.id === id);
      const entry: FeedEntry = {
        ...{ step, id, source: 'pool', judging: 'other', live: true, ...earlier },
        title: titleOf(statement),
        answers: marks.map((mark) => ({ mark })),
        strip: [marks.slice(0, 10).map(cellOfMark)],
        ...(solveRate === null ? {} : { solveRate }),
      };
      return earlier ? known.map((other) => (other === earlier ? entry : other)) : [...known, entry];
    }
    case 'metrics':
      return feed.length === 0 ? feed : [];
    default:
      return feed;
  }
}

function ofStep(feed: readonly FeedEntry[], step: number): readonly FeedEntry[] {
  return feed.filter((entry) => entry.step === step);
}
