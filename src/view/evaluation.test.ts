import assert from 'node:assert/strict';
import { benchmarkTitle, evaluationText, policyWord, resultWord, solvedText } from './evaluation.ts';
import { exampleEvaluation } from './example-records.ts';
import { english } from './translate.ts';

describe('the result of an evaluation in words', () => {
  const greedy = { ...exampleEvaluation(0, 6), split: 'test' as const };
  const sampled = { ...greedy, samples: 4 };

  it('counts problems where each has one answer, and says the share of right answers where they have more', () => {
    assert.equal(benchmarkTitle(greedy), 'coding (test)');
    assert.deepEqual([solvedText(english, greedy), solvedText(english, sampled)], ['6 of 24', '25 % of 24 × 4']);
    assert.match(
      evaluationText(english, greedy),
      /^6 of 24 solved: 25 %, 95 % interval 13 % to 63 %; mean score 0\.500$/,
    );
    assert.match(
      evaluationText(english, sampled),
      /^25 % of 4 answers to each of 24 problems right, 95 % interval 13 %/,
    );
  });

  it('of a question that was not asked says why', () => {
    assert.equal(resultWord(english, { id: 'a', unasked: true, answers: [] }), 'too long');
  });

  it('is the verdict of one answer, or how many of them are right', () => {
    const [first] = greedy.problems;
    assert.ok(first);
    assert.equal(resultWord(english, first), 'right');
    const [answer] = first.answers;
    assert.ok(answer);
    assert.equal(resultWord(english, { id: 'a', answers: [{ ...answer, verdict: 'AC' }] }), 'AC');
    assert.equal(resultWord(english, { id: 'a', answers: [answer, { ...answer, mark: 'wrong' }] }), '1 of 2');
  });
});

describe('what was evaluated', () => {
  it('is the model before training also when it carries the adapter of step 0', () => {
    const evaluation = { ...exampleEvaluation(0, 3), adapter: '/runs/a/checkpoints/000000' };
    assert.equal(policyWord(english, evaluation), 'before training');
    assert.equal(policyWord(english, { ...evaluation, adapter: '/somewhere/peft' }), 'with adapter');
    assert.equal(policyWord(english, exampleEvaluation(6, 3)), 'after step 6');
  });
});
