import assert from 'node:assert/strict';
import { changeText, compareEvaluations } from './comparison.ts';
import { exampleEvaluation } from './example-records.ts';
import { english } from './translate.ts';

describe('what an evaluation says against an earlier one', () => {
  it('counts problems that are solved now, and those that are not any more', () => {
    const [before, after] = [exampleEvaluation(0, 7), exampleEvaluation(6, 11)];
    assert.deepEqual(compareEvaluations(before, after), { better: 4, worse: 0, p: 0.125 });
    assert.deepEqual(compareEvaluations(after, before), { better: 0, worse: 4, p: 0.125 });
  });

  it('is nothing where the problems are not the same', () => {
    const before = exampleEvaluation(0, 7);
    assert.equal(compareEvaluations(before, { ...before, problems: before.problems.slice(1) }), undefined);
  });

  it('says what chance can do and what it would hardly do', () => {
    assert.match(changeText(english, { better: 4, worse: 3, p: 1 }), /4 now solved, 3 no longer: chance alone can do/);
    assert.match(changeText(english, { better: 26, worse: 6, p: 0.0005 }), /hardly/);
    assert.match(changeText(english, { better: 0, worse: 0, p: 1 }), /as before/);
  });
});
