import assert from 'node:assert/strict';
import type { Evaluation } from '../protocol/records.ts';
import { byBenchmark, decisive, evaluationAt, latestOfEach, outcomeOf } from './evaluations.ts';
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

  it('tell what a run is worth by its test questions, before and with the checkpoint that did best', () => {
    const part = (split: 'validation' | 'test', step: number): Evaluation => ({ ...of('a', step), split });
    const all = [part('validation', 0), part('test', 0), part('validation', 4), part('test', 4), part('test', 8)];
    const steps = (best?: { step: number }) => {
      const { before, after } = outcomeOf(all, best) ?? assert.fail();
      return [before.split, before.step, after.step];
    };
    assert.deepEqual(steps(), ['test', 0, 8]);
    assert.deepEqual(steps({ step: 4 }), ['test', 0, 4]);
    // A run that was begun before there were parts: its test has nothing to be compared with.
    assert.deepEqual(decisive([of('a', 0), of('a', 4), part('test', 4)]).map(({ split }) => split), [undefined, undefined]); // prettier-ignore
    assert.equal(outcomeOf([part('test', 0)]), undefined);
    assert.equal(evaluationAt(all, { benchmark: 'a', split: 'test', step: 4 }), all[3]);
  });

  it('made again for the same policy take the place of the earlier one', () => {
    const kept = latestOfEach([of('a', 4, '3', 3), of('a', 4, '2', 2), of('b', 4, '1'), of('a', 0, '4')]);
    assert.deepEqual(kept.map(({ benchmark, step, solved }) => [benchmark, step, solved]), [['b', 4, 1], ['a', 4, 3], ['a', 0, 1]]); // prettier-ignore
    const other = { ...of('a', 4, '5'), adapter: '/other' };
    assert.equal(latestOfEach([of('a', 4, '3'), other]).length, 2);
  });
});
