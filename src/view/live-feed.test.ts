import assert from 'node:assert/strict';
import type { RunEvent } from '../protocol/control.ts';
import { exampleMetrics } from './example-records.ts';
import { withEvent } from './live-feed.ts';
import type { FeedEntry } from './messages.ts';

const after = (...events: RunEvent[]): readonly FeedEntry[] => events.reduce<readonly FeedEntry[]>(withEvent, []);
const proposal = { type: 'proposal', step: 1, id: 'p1', statement: 'Sum the numbers.' } as const;
const rejected = {
  type: 'proposal',
  step: 1,
  id: 'p2',
  rejection: { reason: 'trivial', detail: 'It is easy.' },
} as const;
const question = { type: 'question', step: 1, id: 'p1', statement: 'Sum the numbers.', solveRate: 0.5 } as const;

describe('the feed of the step in progress', () => {
  it('has proposals as they are verified, and their answers as they are judged', () => {
    const [first, second] = after(proposal, rejected, { ...question, marks: ['right', 'wrong', 'masked'] });
    assert.equal(first?.title, 'Sum the numbers');
    assert.deepEqual(first.strip, [['passed', 'failed', 'unjudged']]);
    assert.equal(first.solveRate, 0.5);
    assert.deepEqual([second?.rejection, second?.live], ['trivial', true]);
  });

  it('has questions without a proposal too', () => {
    const [entry] = after({ ...question, id: 'd1.0', marks: ['right'] });
    assert.deepEqual([entry?.id, entry?.source], ['d1.0', 'pool']);
  });

  it('ends with the step, whose record then has everything', () => {
    assert.deepEqual(after(proposal, { type: 'metrics', metrics: exampleMetrics(1) }), []);
    assert.deepEqual(after(proposal, { ...proposal, step: 2, id: 'p9' }).map(({ id }) => id), ['p9']); // prettier-ignore
  });
});
