import assert from 'node:assert/strict';
import { evaluationBefore, isUntrained, policyWord } from './evaluation.ts';
import { exampleEvaluation } from './example-records.ts';
import { english } from './translate.ts';

describe('what was evaluated', () => {
  it('is the model before training also when it carries the adapter of step 0', () => {
    const evaluation = { ...exampleEvaluation(0, 3), adapter: '/runs/a/checkpoints/000000' };
    assert.equal(policyWord(english, evaluation), 'before training');
    assert.equal(policyWord(english, { ...evaluation, adapter: '/somewhere/peft' }), 'with adapter');
    assert.equal(policyWord(english, exampleEvaluation(6, 3)), 'after step 6');
  });

  it('is compared with the same model before training, and with no other', () => {
    const before = exampleEvaluation(0, 3);
    const other = { ...exampleEvaluation(0, 5), modelHash: 'cd' };
    const after = exampleEvaluation(6, 4);
    assert.equal(evaluationBefore(after, [other, before, after]), before);
    assert.equal(evaluationBefore(before, [before, after]), undefined);
    assert.ok(isUntrained(before));
  });
});
