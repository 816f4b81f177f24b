import assert from 'node:assert/strict';
import type { Evaluation } from '../protocol/records.ts';
import { byBenchmark, evaluationAt, latestOfEach } from './evaluations.ts';
import { exampleEvaluation } from './example-records.ts';

const of = (benchmark: string, step: number, time = '1', solved = 1): Evaluation => ({
  ...exampleEvaluation(step, solved),
  benchmark,
  time,
});

describe('evaluations', () => {
  it('are told apart by step and benchmark', () => {
    const all = [of('a', 0), of('b', 0, '1', 7), of('b', 4), of('a', 4, '1', 9)];
    assert.deepEqual([...byBenchmark(all)].map(([name, group]) => [name, ...group.map(({ step }) => step)]), [['a', 0, 4], ['b', 0, 4]]); // prettier-ignore
    assert.equal(evaluationAt(all, { benchmark: 'b', step: 0 })?.solved, 7);
    assert.equal(evaluationAt(all, { benchmark: 'a', step: 4 })?.solved, 9);
    assert.equal(evaluationAt(all, { benchmark: 'a', step: 2 }), undefined);
  });

  it('made again for the same policy take the place of the earlier one', () => {
    const kept = latestOfEach([of('a', 4, '3', 3), of('a', 4, '2', 2), of('b', 4, '1'), of('a', 0, '4')]);
    assert.deepEqual(kept.map(({ benchmark, step, solved }) => [benchmark, step, solved]), [['b', 4, 1], ['a', 4, 3], ['a', 0, 1]]); // prettier-ignore
    const other = { ...of('a', 4, '5'), adapter: '/other' };
    assert.equal(latestOfEach([of('a', 4, '3'), other]).length, 2);
  });
});
